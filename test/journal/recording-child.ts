// A process that records as fast as it can: `recording-child.ts FILE [HOW MANY]`. Says every 50 ms up to when, and at the
// end (there is one only where it was told how many) what became of it.
import { setImmediate } from 'node:timers/promises';
import { SILENT } from '../../src/model/service.ts';
import { createJournal } from '../../src/journal/create-journal.ts';
import { parseMac } from '../../src/model/machine.ts';

const [, , file = '', most = 'Infinity'] = process.argv;
const journal = createJournal({ file, days: 30, log: SILENT });
await journal.start();
const decision = { outcome: 'boot', profile: 'workers', version: '1.0', because: 'it is a test' } as const;
const body = Buffer.from('#!ipxe\nshell\n');
let said = 0;
for (let n = 0; n < Number(most); n += 1) {
  const at = Date.now();
  for (let machine = 0; machine < 50; machine += 1) {
    const mac = parseMac(`52:54:00:00:01:${machine.toString(16).padStart(2, '0')}`);
    const facts = mac === undefined ? {} : { mac };
    journal.record({ kind: 'script', at, facts, from: `10.0.1.${machine}`, decision, body });
  }
  if (at - said > 50) {
    said = at;
    journal.record({ kind: 'refused', at, from: '10.0.1.7', what: `/${at}`, status: 404, message: 'no' });
    process.stdout.write(`${at}\n`);
  }
  await setImmediate();
}
await journal.flushed();
const status = journal.status();
await journal.stop(new AbortController().signal);
process.stdout.write(`${JSON.stringify(status)}\n`);
