import type { Vendor } from './openpgp-vendor.ts';
import {
  debianSums,
  digestsText,
  hex,
  inReleaseText,
  pxeScript,
  streamJson,
  ubuntuSums,
  versionTxt,
} from './upstream-formats.ts';
import type { Upstream } from './upstream-server.ts';

/** The same bytes for the same name: about as many as a test can afford. */
export function payload(seed: string, length = 200_000): Buffer {
  const line = Buffer.from(hex('sha512', seed), 'hex');
  return Buffer.alloc(length, line);
}

interface Signed {
  readonly upstream: Upstream;
  readonly vendor: Vendor;
}

export const FLATCAR = {
  kernel: 'flatcar_production_pxe.vmlinuz',
  initrd: 'flatcar_production_pxe_image.cpio.gz',
} as const;
const ALIAS = 'flatcar_production_image.vmlinuz';

/** The folder of a Flatcar release: `/flatcar/stable/amd64-usr/4593.2.5`. */
export function flatcarFolder(version: string, channel = 'stable', arch = 'amd64'): string {
  return `/flatcar/${channel}/${arch}-usr/${version}`;
}

/** What is asked of Flatcar to know its current release, and nothing else. */
export function flatcarQuestions(version: string): readonly string[] {
  const text = `${flatcarFolder(version)}/version.txt`;
  return ['/flatcar/stable/amd64-usr/current/version.txt', text, `${text}.sig`].map((path) => `GET ${path}`);
}

/** Flatcar's layout: one .sig and one .DIGESTS for each file; the kernel's are those of its other name, as today. */
export function serveFlatcar({ upstream, vendor }: Signed, version: string, channel = 'stable', arch = 'amd64'): void {
  const folder = flatcarFolder(version, channel, arch);
  const text = versionTxt('FLATCAR', version);
  upstream.put(`/flatcar/${channel}/${arch}-usr/current/version.txt`, text);
  upstream.put(`${folder}/version.txt`, text);
  upstream.put(`${folder}/version.txt.sig`, vendor.sign(Buffer.from(text)));
  for (const [name, signedAs] of [
    [FLATCAR.kernel, ALIAS],
    [FLATCAR.initrd, FLATCAR.initrd],
  ] as const) {
    const data = payload(`${version} ${name}`);
    upstream.put(`${folder}/${name}`, data);
    upstream.absent(`${folder}/${name}.sig`, `${folder}/${name}.DIGESTS`);
    upstream.put(`${folder}/${signedAs}.sig`, vendor.sign(data));
    upstream.put(`${folder}/${signedAs}.DIGESTS`, digestsText({ [signedAs]: data }));
  }
}

/** Container Linux' layout, without version.txt, as old mirrors are. */
export function serveCoreos({ upstream, vendor }: Signed, version: string): void {
  const folder = `/coreos/stable/amd64-usr/${version}`;
  upstream.absent('/coreos/stable/amd64-usr/current/version.txt');
  upstream.put('/coreos/stable/amd64-usr/current/coreos_production_pxe.sh', pxeScript(version));
  const names = ['coreos_production_pxe_image.cpio.gz', 'coreos_production_pxe.vmlinuz'];
  const files = Object.fromEntries(names.map((name) => [name, payload(`${version} ${name}`)]));
  for (const [name, data] of Object.entries(files)) {
    upstream.put(`${folder}/${name}`, data);
    upstream.put(`${folder}/${name}.sig`, vendor.sign(data));
  }
  upstream.put(`${folder}/coreos_production_pxe.DIGESTS`, digestsText(files));
}

/** A Fedora CoreOS stream with its build. */
export function serveFedoraCoreos({ upstream, vendor }: Signed, version: string): void {
  const folder = `/fcos/prod/streams/stable/builds/${version}/x86_64`;
  const names = ['live-kernel.x86_64', 'live-initramfs.x86_64.img', 'live-rootfs.x86_64.img'].map(
    (name) => `fedora-coreos-${version}-${name}`,
  );
  const files = Object.fromEntries(names.map((name) => [name, payload(name)]));
  for (const [name, data] of Object.entries(files)) {
    upstream.put(`${folder}/${name}`, data);
    upstream.put(`${folder}/${name}.sig`, vendor.sign(data));
  }
  upstream.put('/fcos/streams/stable.json', streamJson({ stream: 'stable', version, files }));
}

/** Debian's chain: InRelease, SHA256SUMS, files. */
export function serveDebian({ upstream, vendor }: Signed, version: string): void {
  const dist = '/debian/dists/bookworm';
  const images = `${dist}/main/installer-amd64/${version}/images`;
  const linux = payload('linux');
  const initrd = payload('initrd');
  const sums = debianSums({ linux: hex('sha256', linux), initrd: hex('sha256', initrd) });
  upstream.put(`${images}/SHA256SUMS`, sums);
  upstream.put(`${images}/netboot/debian-installer/amd64/linux`, linux);
  upstream.put(`${images}/netboot/debian-installer/amd64/initrd.gz`, initrd);
  const text = inReleaseText({
    current: version,
    // The first build of the suite stays listed beside those of its point releases.
    sums: { [version]: hex('sha256', sums), '20230607': '7'.repeat(64) },
  });
  upstream.put(`${dist}/InRelease`, vendor.clearsign(text));
}

/** Ubuntu's list with its detached signature, and the live server's ISO. */
export function serveUbuntu({ upstream, vendor }: Signed, version: string, image: Buffer): void {
  const iso = `ubuntu-${version}-live-server-amd64.iso`;
  upstream.put(`/ubuntu/24.04/${iso}`, image);
  const list = ubuntuSums([version], 'amd64', { [iso]: image });
  upstream.put('/ubuntu/24.04/SHA256SUMS', list);
  upstream.put('/ubuntu/24.04/SHA256SUMS.gpg', vendor.sign(Buffer.from(list)));
}

/** Talos as a plain mirror: `latest` is a file. */
export function serveTalos(upstream: Upstream, version: string): void {
  const folder = `/talos/download/${version}`;
  upstream.put('/talos/latest', `${version}\n`);
  const files = Object.fromEntries(['vmlinuz-amd64', 'initramfs-amd64.xz'].map((name) => [name, payload(name)]));
  for (const [name, data] of Object.entries(files)) upstream.put(`${folder}/${name}`, data);
  for (const one of ['sha256', 'sha512'] as const)
    upstream.put(
      `${folder}/${one}sum.txt`,
      Object.entries(files)
        .map(([name, data]) => `${hex(one, data)}  ${name}\n`)
        .join(''),
    );
}
