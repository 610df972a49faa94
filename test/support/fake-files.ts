import { createHash } from 'node:crypto';
import type { FileName } from '../../src/admin/service/files.ts';
import { lineDiff } from '../../src/admin/service/line-diff.ts';
import type { AdminOperations } from '../../src/admin/service/service.ts';
import { catalogFile, catalogFileAt } from '../../src/catalog/catalog-file.ts';
import { Failure } from '../../src/model/failure.ts';
import type { FileRow, Preview, VersionView } from '../../src/model/file-views.ts';

/** What the files of configs/ and sshkeys/ hold to begin with. */
export const FAKE_FILES: Readonly<Record<string, string>> = {
  'configs/worker.ign.hbs':
    '{\n  "ignition": { "version": "3.4.0" },\n  "storage": {\n    "files": [{ "path": "/etc/hostname", "contents": { "source": "data:,{{node.name}}" } }]\n  }\n}\n',
  'configs/debian.cfg':
    'd-i debian-installer/locale string en_US\nd-i netcfg/get_hostname string {{node.name}}\nd-i partman-auto/disk string /dev/sda\n',
  'configs/edge.yml':
    '#cloud-config\nhostname: edge\nusers:\n  - name: core\n    ssh_authorized_keys:\n      - ssh-ed25519 AAAAC3Nz ops\n',
  'sshkeys/ops.pub': 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGm9Y2UgdXBvbiBhIHRpbWU5 ops@example.org\n',
};

/** The older version of configs/edge.yml. */
export const FAKE_VERSION = '1764530000000-0123456789ab';

const USED_BY: Readonly<Record<string, readonly string[]>> = {
  'configs/worker.ign.hbs': ['workers'],
  'configs/debian.cfg': ['lab-debian'],
  'configs/edge.yml': ['edge-canary'],
  'sshkeys/ops.pub': ['workers', 'edge-canary'],
};

interface Store {
  /** Of profiles, by name. */
  readonly texts: Map<string, string>;
  /** Of the others, by file. */
  readonly others: Map<string, string>;
  readonly calls: string[];
  readonly machinesOf: (profile: string) => readonly { readonly name: string; readonly key: string }[];
  /** After a profile was written; `fresh`: it was not there. */
  readonly saved: (profile: string, fresh: boolean) => void;
}

type FileOperations = Pick<
  AdminOperations,
  'file' | 'files' | 'fileVersion' | 'previewFile' | 'restoreFile' | 'saveFile'
>;

/** Files in memory, with the versions of before. */
export function fakeFiles(store: Store, now: number): FileOperations {
  const versions = new Map<string, (VersionView & { readonly text: string })[]>();
  if (store.others.size > 0) {
    keep('configs/edge.yml', '#cloud-config\nhostname: edge\n', now - 7_200_000, 'anna');
    keep('configs/old.yml', '#cloud-config\nhostname: old\n', now - 86_400_000, 'bert (token terraform)');
    keep('profiles/workers.json', `${store.texts.get('workers') ?? ''}\n`, now - 3_600_000, 'anna');
  }

  function keep(file: string, text: string, at: number, who: string): void {
    const id = versions.size === 0 ? FAKE_VERSION : `${at}-${digest(text).slice(0, 12)}`;
    const kept = { id, at, who, text };
    versions.set(file, [kept, ...(versions.get(file) ?? [])]);
  }

  const textOf = ({ folder, name }: FileName): string | undefined =>
    folder === 'profiles' ? store.texts.get(name) : store.others.get(catalogFile(folder, name).file);
  const kept = (file: string): VersionView[] => (versions.get(file) ?? []).map(({ id, at, who }) => ({ id, at, who }));

  function row({ folder, name }: FileName): FileRow {
    const own = catalogFile(folder, name);
    return { ...own, problems: [], inForce: true, usedBy: USED_BY[own.file] ?? [] };
  }

  function preview(named: FileName, text: string | undefined): Preview {
    const { file, folder, name } = catalogFile(named.folder, named.name);
    const diff = lineDiff(textOf(named) ?? '', text ?? '');
    const profiles = folder === 'profiles' ? [name] : (USED_BY[file] ?? []);
    const machines = profiles.flatMap((from) =>
      store.machinesOf(from).map((one) => ({ ...one, from, ...(text !== undefined && { to: from }) })),
    );
    const made = { file, diff, problems: [], machines, touched: machines.length, unlisted: false };
    if (text === undefined || folder !== 'profiles') return made;
    try {
      JSON.parse(text);
      return made;
    } catch {
      const remedy = 'mend the comma';
      const problem = { severity: 'error' as const, message: 'the file is not JSON', place: { file, line: 2 }, remedy };
      return { ...made, problems: [problem], machines: [], touched: 0 };
    }
  }

  function put(named: FileName, text: string | undefined, base: string | undefined, what: string): Preview {
    const { file, folder, name } = catalogFile(named.folder, named.name);
    const current = textOf(named);
    if ((current === undefined ? undefined : digest(current)) !== base) {
      throw new Failure('conflict', `${file} was changed meanwhile`, { remedy: 'look at both texts and save again' });
    }
    const made = preview(named, text);
    if (made.problems.length > 0) return made;
    store.calls.push(`${what} ${folder === 'profiles' ? name : file}`);
    if (current !== undefined) keep(file, current, now, 'anna');
    const [map, key] = folder === 'profiles' ? [store.texts, name] : [store.others, file];
    if (text === undefined) map.delete(key);
    else map.set(key, text);
    if (folder === 'profiles' && text !== undefined) store.saved(name, current === undefined);
    return made;
  }

  function version(named: FileName, id: string) {
    const { file } = catalogFile(named.folder, named.name);
    return versions.get(file)?.find((one) => one.id === id) ?? missing(`version of ${file}`);
  }

  return {
    files: async () => ({
      files: [...store.others.keys()].map((file) => row(catalogFileAt(file) ?? missing(file))),
      removed: [...versions.keys()].flatMap((file) => {
        const own = catalogFileAt(file) ?? missing(file);
        const [last] = kept(file);
        return textOf(own) !== undefined || last === undefined
          ? []
          : [{ file, folder: own.folder, name: own.name, last }];
      }),
    }),
    async file(named) {
      const text = textOf(named) ?? missing(`file ${named.name}`);
      return { ...row(named), text, revision: digest(text), versions: kept(row(named).file) };
    },
    previewFile: async (named, text) => preview(named, text),
    saveFile: async (named, text, base) => put(named, text, base, text === undefined ? 'remove' : 'save'),
    async fileVersion(named, id) {
      const { text, ...shown } = version(named, id);
      const current = textOf(named);
      return { ...preview(named, text), version: shown, text, revision: current && digest(current) };
    },
    restoreFile: async (named, id, base) => put(named, version(named, id).text, base, 'restore'),
  };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function missing(what: string): never {
  throw new Failure('not-found', `there is no ${what}`);
}
