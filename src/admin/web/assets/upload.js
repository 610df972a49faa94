// Sends images to the server in pieces, each of which is there within the time that a request may take, then the form.
/* global document, setTimeout, URL, URLSearchParams */
'use strict';

const PIECE = 4 * 2 ** 20;
const TRIES = 5;
const WAIT = 2000;

const form = document.getElementById('upload');
const told = document.getElementById('upload-told');

/** The line that the server answers. Throws it for a refusal; what did not arrive is sent again. */
async function send(path, options) {
  for (let left = TRIES - 1; ; left -= 1) {
    let answer;
    try {
      answer = await fetch(path, { method: 'POST', credentials: 'same-origin', ...options });
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, WAIT));
      continue;
    }
    const line = (await answer.text()).trim();
    if (answer.ok) return line;
    throw new TypeError(line);
  }
}

async function upload(files) {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const id = await send(`${form.action}/begin`, { body: new URLSearchParams({ bytes: String(bytes) }) });
  let sent = 0;
  for (const file of files) {
    for (let at = 0; at < file.size || at === 0; at += PIECE) {
      const piece = file.slice(at, at + PIECE);
      const to = new URL(`${form.action}/piece`);
      to.search = new URLSearchParams({ upload: id, name: file.name, at: String(at) });
      await send(to, { body: piece, headers: { 'Content-Type': 'application/octet-stream' } });
      sent += piece.size;
      told.textContent = `${file.name}: ${bytes === 0 ? 100 : Math.floor((sent / bytes) * 100)} % of all`;
    }
  }
  return id;
}

if (form) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const button = form.querySelector('button');
    button.disabled = true;
    upload([...document.getElementById('upload-files').files])
      .then((id) => {
        form.elements.upload.value = id;
        told.textContent = 'All of it is there; it is verified now.';
        form.submit();
      })
      .catch((error) => {
        button.disabled = false;
        told.textContent = `That did not work: ${error.message}`;
      });
  });
}
