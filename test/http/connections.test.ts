import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { Connections } from '../../src/http/connections.ts';

class FakeSocket extends EventEmitter {
  ended = '';
  destroy(): void {
    this.ended = 'cut';
    this.emit('close');
  }
  destroySoon(): void {
    this.ended = 'closed';
    this.emit('close');
  }
}

const fakes = (): { socket: FakeSocket & Socket; res: EventEmitter & ServerResponse } => ({
  socket: new FakeSocket() as unknown as FakeSocket & Socket,
  res: new EventEmitter() as unknown as EventEmitter & ServerResponse,
});

test('counts answers until they are out', () => {
  const connections = new Connections();
  const { socket, res } = fakes();
  connections.add(socket);
  connections.begin(socket, res);
  expect([...connections.running(socket)]).toEqual([res]);
  res.emit('close');
  expect(connections.running(socket).size).toBe(0);
  expect([connections.size, socket.ended]).toEqual([1, '']);
});

test('forgets what has gone', () => {
  const connections = new Connections();
  const { socket, res } = fakes();
  connections.add(socket);
  connections.begin(socket, res);
  socket.destroy();
  expect([connections.size, connections.running(socket).size]).toEqual([0, 0]);
  res.emit('close');
});

test('closing ends the idle at once and the busy with their last answer', () => {
  const connections = new Connections();
  const [idle, busy, late] = [fakes(), fakes(), fakes()];
  const second = fakes().res;
  connections.add(idle.socket);
  connections.add(busy.socket);
  connections.begin(busy.socket, busy.res);
  connections.begin(busy.socket, second);
  connections.close();
  expect([connections.closing, idle.socket.ended, busy.socket.ended]).toEqual([true, 'closed', '']);
  busy.res.emit('close');
  expect(busy.socket.ended).toBe('');
  second.emit('close');
  expect(busy.socket.ended).toBe('closed');
  connections.add(late.socket);
  expect(late.socket.ended).toBe('cut');
  expect(connections.size).toBe(0);
});

test('cutting ends everything', () => {
  const connections = new Connections();
  const { socket, res } = fakes();
  connections.add(socket);
  connections.begin(socket, res);
  connections.cut();
  expect([socket.ended, connections.size]).toEqual(['cut', 0]);
});
