// Times are milliseconds since 1970, digests the 32 bytes of a SHA-256. A machine that a profile names and that was never
// seen is a row without last_seen. `search` is what people may look for, in lower case.
const FIRST = `
  CREATE TABLE machine (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    mac TEXT, uuid TEXT, serial TEXT, hostname TEXT, asset TEXT, manufacturer TEXT, product TEXT,
    arch TEXT, platform TEXT,
    address TEXT, address_at INTEGER,
    first_seen INTEGER, last_seen INTEGER,
    state TEXT NOT NULL, since INTEGER, deadline INTEGER,
    profile TEXT, node TEXT, version TEXT, because TEXT,
    node_key TEXT, node_name TEXT, node_profile TEXT, node_version TEXT, node_address TEXT,
    shown_profile TEXT,
    boot INTEGER,
    durations TEXT NOT NULL,
    sort_name TEXT NOT NULL,
    search TEXT NOT NULL
  ) STRICT;
  -- Each holds all that a page may be filtered by, so that a look through a whole fleet reads nothing else.
  CREATE INDEX machine_recent ON machine (last_seen DESC, id DESC, state, deadline, shown_profile);
  CREATE INDEX machine_state ON machine (state, last_seen DESC, id DESC, deadline);
  CREATE INDEX machine_profile ON machine (shown_profile, last_seen DESC, id DESC, state, deadline);
  CREATE INDEX machine_never ON machine (sort_name, id, last_seen, state, deadline, shown_profile)
    WHERE last_seen IS NULL;
  CREATE INDEX machine_awaited ON machine (state, deadline) WHERE deadline IS NOT NULL;
  CREATE INDEX machine_address ON machine (address) WHERE address IS NOT NULL;
  CREATE INDEX machine_uuid ON machine (uuid) WHERE uuid IS NOT NULL;
  CREATE INDEX machine_serial ON machine (serial) WHERE serial IS NOT NULL;

  -- How many machines are in each state: every page says so, and counting a hundred thousand takes its time.
  CREATE TABLE state_count (state TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TRIGGER machine_enters AFTER INSERT ON machine BEGIN
    INSERT INTO state_count VALUES (new.state, 1) ON CONFLICT DO UPDATE SET n = n + 1;
  END;
  CREATE TRIGGER machine_leaves AFTER DELETE ON machine BEGIN
    UPDATE state_count SET n = n - 1 WHERE state = old.state;
  END;
  CREATE TRIGGER machine_moves AFTER UPDATE OF state ON machine WHEN new.state <> old.state BEGIN
    UPDATE state_count SET n = n - 1 WHERE state = old.state;
    INSERT INTO state_count VALUES (new.state, 1) ON CONFLICT DO UPDATE SET n = n + 1;
  END;

  CREATE TABLE boot (
    id INTEGER PRIMARY KEY,
    machine INTEGER NOT NULL REFERENCES machine (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    phase TEXT NOT NULL,
    outcome TEXT, profile TEXT, version TEXT,
    up_at INTEGER, ms INTEGER,
    events INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX boot_machine ON boot (machine);

  -- No foreign key: ageing removes events before their boots, and ten million checks are not free.
  CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    boot INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    line TEXT, what TEXT,
    ms INTEGER, bytes INTEGER, status INTEGER,
    ok INTEGER NOT NULL, times INTEGER NOT NULL,
    digest BLOB
  ) STRICT;
  CREATE INDEX event_boot ON event (boot);

  -- Events of an address that no machine is known by yet, and of nodes that were never seen ('key:' and their key).
  CREATE TABLE stray (
    id INTEGER PRIMARY KEY,
    whose TEXT NOT NULL,
    at INTEGER NOT NULL,
    entry TEXT NOT NULL
  ) STRICT;
  CREATE INDEX stray_whose ON stray (whose);

  CREATE TABLE sent (
    digest BLOB PRIMARY KEY,
    at INTEGER NOT NULL,
    body BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX sent_at ON sent (at);

  CREATE TABLE sync_run (
    run INTEGER PRIMARY KEY,
    ended_at INTEGER,
    failed INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE sync_step (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES sync_run (run) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    -- Names a step that a later one of the same replaces: how far a download is.
    slot TEXT,
    event TEXT NOT NULL,
    UNIQUE (run, slot)
  ) STRICT;
  CREATE INDEX sync_step_run ON sync_step (run);
`;

/** The tables of etcd discovery. `id` is 1: all tokens are numbered together. */
export const DISCOVERY_SCHEMA = `
  CREATE TABLE IF NOT EXISTS discovery_counter (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    highest INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS discovery_token (
    token TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    size INTEGER NOT NULL,
    created_index INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    complete INTEGER NOT NULL,
    removed_index INTEGER NOT NULL,
    cluster TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS discovery_member (
    token TEXT NOT NULL REFERENCES discovery_token (token) ON DELETE CASCADE,
    id TEXT NOT NULL,
    value TEXT NOT NULL,
    created_index INTEGER NOT NULL,
    confirmed INTEGER NOT NULL,
    PRIMARY KEY (token, id)
  ) STRICT, WITHOUT ROWID;
`;

// Machines that no profile names, oldest first: they make room and age. The nodes are read at every start.
const UNLISTED = `
  CREATE INDEX machine_unknown ON machine (last_seen) WHERE node_key IS NULL AND state = 'unknown';
  CREATE INDEX machine_unlisted ON machine (last_seen) WHERE node_key IS NULL AND state <> 'unknown';
  CREATE INDEX machine_node ON machine (node_key) WHERE node_key IS NOT NULL;
`;

// What a machine's last script answered, apart from its facts: JSON. Machines of before have none until they ask again.
const ASKED = 'ALTER TABLE machine ADD COLUMN asked TEXT';

// What operators changed, newest first by id. `search` is what people may look for, in lower case.
const ACTIVITY = `
  CREATE TABLE activity (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    who TEXT NOT NULL,
    source TEXT,
    action TEXT NOT NULL,
    target TEXT,
    text TEXT NOT NULL,
    diff TEXT,
    search TEXT NOT NULL
  ) STRICT;
  CREATE INDEX activity_at ON activity (at);
`;

// Words of the operator's for a node: JSON, a list; null without any. Only nodes have them.
const TAGS = `
  ALTER TABLE machine ADD COLUMN node_tags TEXT;
  CREATE INDEX machine_tagged ON machine (last_seen DESC, id DESC, node_tags, state, deadline, shown_profile)
    WHERE node_tags IS NOT NULL;
`;

// What machines log. `source` is the address from which it came.
const LOG = `
  CREATE TABLE log_line (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    machine INTEGER NOT NULL REFERENCES machine (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    severity INTEGER,
    program TEXT,
    text TEXT NOT NULL,
    source TEXT NOT NULL
  ) STRICT;
  CREATE INDEX log_line_machine ON log_line (machine, id, at);
  CREATE INDEX log_line_at ON log_line (at);
`;

// Boots by a profile's name alone, of which no machine is known.
const PROFILE_BOOTS = `
  CREATE TABLE profile_boot (
    address TEXT NOT NULL,
    profile TEXT NOT NULL,
    outcome TEXT NOT NULL,
    because TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    boots INTEGER NOT NULL,
    PRIMARY KEY (address, profile)
  ) STRICT, WITHOUT ROWID;
`;

/**
 * Number n brings a database from `user_version` n to n + 1. What has been released is never changed: a change of the
 * tables is a new text at the end.
 */
export const MIGRATIONS: readonly string[] = [
  FIRST,
  DISCOVERY_SCHEMA,
  UNLISTED,
  ASKED,
  ACTIVITY,
  TAGS,
  LOG,
  PROFILE_BOOTS,
];
