import { MACHINE_STATES } from '../../model/machine.ts';
import { flag, list, moment, number, object, oneOf, ref, text, whole, type Properties } from './json-schema.ts';

const STATE = oneOf(MACHINE_STATES, 'where the machine is in its life');
const OUTCOME = oneOf(['boot', 'install', 'local', 'menu', 'unknown', 'waiting'], 'what it was told to do');
const KINDS = ['dhcp', 'tftp', 'script', 'file', 'document', 'phone-home', 'installed', 'refused', 'operator'];

/** What the API says of machines: domain/views.ts in JSON Schema. A test holds one against the other. */
export const MACHINE_SCHEMAS: Properties = {
  MachineRow: object(
    {
      key: text('what tells machines apart: the MAC, else `uuid:...`, else `serial:...`'),
      state: STATE,
      boots: list(number(), 'how long its last boots took, in milliseconds, oldest first'),
    },
    {
      mac: text(),
      uuid: text(),
      serial: text(),
      name: text("the node's name in its profile"),
      hostname: text('what it calls itself'),
      manufacturer: text(),
      product: text(),
      address: text(),
      vendor: text('who made its network card'),
      since: moment('since when it is in that state'),
      firstSeen: moment('when it was first seen'),
      lastSeen: moment('when it was last seen'),
      profile: text('of its last boot, or the one that it would boot'),
      version: text(),
      because: text('why that profile'),
      installation: ref('Installation'),
      download: ref('Download'),
    },
  ),
  Installation: object({
    state: oneOf(['claimed', 'damaged', 'erase-pending'], 'what its installation waits for'),
    text: text('one line for people'),
  }),
  Download: object({
    file: text('what is on its way to the machine now'),
    received: whole('bytes'),
    size: whole('bytes'),
  }),
  MachinePage: object(
    {
      machines: list(ref('MachineRow'), 'last seen first; those that were never seen come after them, by name'),
      states: object(
        Object.fromEntries(MACHINE_STATES.map((state) => [state, whole()])),
        // How many there are, whatever was asked for.
      ),
    },
    {
      next: text('give it back as `after` for the next page; absent on the last one'),
      flood: ref('Flood'),
    },
  ),
  Flood: object(
    {
      newcomers: whole('machines that no profile names and that were never seen before, in the last ten minutes'),
      removed: whole('unknown machines that were forgotten in the last hour to make room for them'),
    },
    { from: text('the address that more than half of them used') },
  ),
  TimelineEvent: object(
    {
      id: whole(),
      at: moment('when it was over'),
      kind: oneOf(KINDS),
      text: text('one line for people'),
      ok: flag(),
      times: whole('how often the same happened again within a moment; 1 when it did not'),
    },
    {
      what: text('the file, document or path that it is about'),
      ms: number('how long it took'),
      bytes: whole(),
      status: whole('HTTP status'),
      digest: text('what it was sent: ask /sent/DIGEST for it'),
    },
  ),
  BootView: object(
    {
      id: whole(),
      at: moment('when it began'),
      outcome: OUTCOME,
      events: list(ref('TimelineEvent'), 'oldest first'),
    },
    {
      profile: text(),
      version: text(),
      ms: number("from its first question to its phone-home (or the installer's report)"),
      upAt: moment('when it was up'),
    },
  ),
  SentAndNow: object(
    { title: text('`boot script`, `configs/worker.ign`') },
    {
      sentAt: moment('when it was sent last'),
      sent: text('what it was sent last'),
      now: text('what it would be sent now'),
      problem: text('why there is no text now'),
    },
  ),
  MachineView: object({
    row: ref('MachineRow'),
    boots: list(ref('BootView'), 'newest first, at most 20'),
    because: text('why it gets what it would get now'),
    texts: list(ref('SentAndNow')),
  }),
};
