// The same answer as the machine routes', from an Express 5 route or from bare node:http.
import { createServer } from 'node:http';
import express from 'express';

const [kind, port] = process.argv.slice(2);
const script = process.env.SCRIPT;
if (kind === 'express') {
  const app = express();
  app.get('/', (_req, res) => {
    res.type('text/plain').send(script);
  });
  app.listen(Number(port), '127.0.0.1');
} else {
  const body = Buffer.from(script);
  createServer((_req, res) => {
    res.writeHead(200, ['Content-Type', 'text/plain; charset=utf-8', 'Content-Length', String(body.length)]);
    res.end(body);
  }).listen(Number(port), '127.0.0.1');
}
