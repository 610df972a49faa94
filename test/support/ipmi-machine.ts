import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const bootvm = join(import.meta.dirname, '..', '..', 'scripts', 'lab', 'bootvm.sh');

/** A virtual machine that only its BMC switches: OpenIPMI's simulator, whose power script starts and kills QEMU. */
export interface IpmiMachine extends AsyncDisposable {
  /** Where the BMC listens on 127.0.0.1; its user is lab. */
  readonly port: number;
  /** What the BMC was told, in order: `power 1`, `boot pxe`. Once where ipmitool asked again, because the answer took long. */
  told(): readonly string[];
  /** The console since the machine was switched on last. */
  console(): string;
}

// Its own disk comes first, as on a machine that is in use; the network only when the BMC was told so, and only once.
const POWER_SCRIPT = `#!/bin/bash
# ipmi_sim calls: power.sh ADDR get|set|check NAME [VALUE]...
here=$(dirname "$0")
running() { [ -e "$here/pid" ] && kill -0 "$(cat "$here/pid")" 2>/dev/null; }
shift; op=$1; shift
case $op in
get)
  for name; do
    case $name in
    power) if running; then echo power:1; else echo power:0; fi ;;
    boot) echo "boot:$(cat "$here/boot" 2>/dev/null || echo none)" ;;
    *) echo "$name:0" ;;
    esac
  done ;;
set)
  while [ $# -gt 1 ]; do
    echo "$1 $2" >>"$here/told"
    case $1 in
    boot) echo "$2" >"$here/boot" ;;
    power)
      if [ "$2" = 0 ]; then
        running && kill -TERM "$(cat "$here/pid")"
        for _ in $(seq 100); do running || break; sleep 0.1; done
        rm -f "$here/pid"
      elif ! running; then
        index=0
        [ "$(cat "$here/boot" 2>/dev/null)" = pxe ] && index=2
        rm -f "$here/boot"
        setsid "$here/machine.sh" "$index" </dev/null >/dev/null 2>&1 &
        echo $! >"$here/pid"
      fi ;;
    esac
    shift 2
  done ;;
esac
`;

const EMU = `mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
`;

/** Off, before a disk that is there. */
export async function startIpmiMachine(machine: {
  readonly mac: string;
  readonly url: string;
  readonly disk: string;
  readonly password: string;
}): Promise<IpmiMachine> {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-bmc-'));
  const port = await freePort();
  const file = (name: string): string => join(folder, name);
  const text = (name: string): string => (existsSync(file(name)) ? readFileSync(file(name), 'latin1') : '');
  const auths = ['callback', 'user', 'operator', 'admin'].map(
    (level) => `    allowed_auths_${level} none md2 md5 straight`,
  );
  writeFileSync(file('emu'), EMU);
  writeFileSync(
    file('lan.conf'),
    [
      ...['name "lab"', 'set_working_mc 0x20', '  startlan 1', `    addr 127.0.0.1 ${port}`, '    priv_limit admin'],
      ...[...auths, '    guid a123456789abcdefa123456789abcdef', '  endlan'],
      `  chassis_control "${file('power.sh')} 0x20"`,
      '  user 1 true  ""     ""        user 10 none md2 md5 straight',
      `  user 2 true  "lab"  "${machine.password}"  admin 10 none md2 md5 straight`,
      '',
    ].join('\n'),
  );
  // A guest that restarts or halts stays on, as a machine does: only the BMC ends it.
  const drive = `-no-shutdown -drive if=none,id=disk0,format=raw,file=${machine.disk} -device virtio-blk-pci,drive=disk0,bootindex=$1`;
  const options = `--name bmc --log ${file('console')} --mac ${machine.mac} --url ${machine.url} --timeout 900`;
  writeFileSync(file('power.sh'), POWER_SCRIPT);
  writeFileSync(file('machine.sh'), `#!/bin/bash\nexec ${bootvm} ${options} --expect '^never$' -- ${drive}\n`);
  for (const name of ['power.sh', 'machine.sh']) chmodSync(file(name), 0o755);
  const simulator = spawn('ipmi_sim', ['-c', file('lan.conf'), '-f', file('emu'), '-n', '-s', file('state')], {
    stdio: 'ignore',
  });
  const ended = once(simulator, 'close');
  return {
    port,
    told: () =>
      text('told')
        .split('\n')
        .filter((line, index, lines) => line !== '' && line !== lines[index - 1]),
    console: () => text('console').replaceAll('\r', ''),
    async [Symbol.asyncDispose]() {
      simulator.kill('SIGTERM');
      await ended;
      const pid = Number(text('pid'));
      if (pid > 1) kill(pid);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It has ended by itself.
  }
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}
