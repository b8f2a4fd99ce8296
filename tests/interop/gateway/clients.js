'use strict';
// Many applications at once, for as long as one likes: every answer is checked, and the process that serves them must neither grow nor keep calls.
// WEFT_CLIENTS (200), WEFT_CLIENTS_SECONDS (15), WEFT_CLIENTS_OUT (a folder for clients.csv and clients.svg; nothing is written without it).
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { failure, text } = require('./network');

const clients = Number(process.env.WEFT_CLIENTS ?? 200), seconds = Number(process.env.WEFT_CLIENTS_SECONDS ?? 15);
const perConnection = 10, readers = 10;
const grownMax = 1.5, grownMoreMiB = 48;  // of memory, from a third of the time to its end: the chain grows meanwhile

/** What the operations service says now. */
async function measure(url) {
  const lines = (await (await fetch(`${url}/metrics`)).text()).split('\n');
  const sum = (name) => lines.filter((l) => l.startsWith(`${name}{`) || l.startsWith(`${name} `)).reduce((n, l) => n + Number(l.slice(l.lastIndexOf(' '))), 0);
  const open = (kind) => sum(`grpc_server_${kind}_requests_received`) - sum(`grpc_server_${kind}_requests_completed`);
  return { mib: sum('process_resident_memory_bytes') / 2 ** 20, calls: open('unary'), streams: open('stream'), fds: sum('process_open_fds') };
}

/** Memory (left axis) and open streams (right axis) over time. */
function drawing(title, samples) {
  const [w, h, pad] = [900, 320, 50], last = samples.at(-1).second, most = Math.max(...samples.map((s) => s.mib)) * 1.1, mostOpen = Math.max(...samples.map((s) => s.streams + s.calls), 1) * 1.1;
  const line = (of, top, colour) => `<polyline fill="none" stroke="${colour}" points="${samples.map((s) => `${(pad + (s.second / last) * (w - 2 * pad)).toFixed(1)},${(h - pad - (of(s) / top) * (h - 2 * pad)).toFixed(1)}`).join(' ')}"/>`;
  const say = (x, y, what, colour = '#333') => `<text x="${x}" y="${y}" font-family="sans-serif" font-size="12" fill="${colour}">${what}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}"><rect width="${w}" height="${h}" fill="white"/>${say(pad, 20, title)}` +
    `${line((s) => s.mib, most, '#0b62a4')}${line((s) => s.streams + s.calls, mostOpen, '#d1495b')}${say(4, pad, `${most.toFixed(0)} MiB`, '#0b62a4')}${say(w - pad, pad, `${mostOpen.toFixed(0)} open`, '#d1495b')}` +
    `${say(pad, h - 20, '0 s')}${say(w - pad - 30, h - 20, `${last.toFixed(0)} s`)}</svg>\n`;
}

function keep(samples) {
  const out = process.env.WEFT_CLIENTS_OUT;
  if (!out) return;
  fs.mkdirSync(out, { recursive: true });
  fs.writeFileSync(path.join(out, 'clients.csv'), ['second,resident_mib,open_calls,open_streams,open_files,committed', ...samples.map((s) => [s.second.toFixed(1), s.mib.toFixed(1), s.calls, s.streams, s.fds, s.committed].join())].join('\n') + '\n');
  fs.writeFileSync(path.join(out, 'clients.svg'), drawing(`${clients} clients of the gateway, ${samples.at(-1).committed} transactions: resident memory, open calls and streams`, samples));
}

module.exports = async (t, network) => {
  const url = process.env.WEFT_OPERATIONS_URL;
  const until = Date.now() + seconds * 1000, begun = Date.now();
  let committed = 0;

  /** Each client writes a key of its own, and knows what is in it. */
  async function client(contract, i) {
    const key = `client-${i}`;
    let held = '';
    for (let n = 0; Date.now() < until; ++n) {
      const value = `${i}:${n}`;
      assert.equal(text(await contract.submitTransaction('rmw', key, value)), held, `what ${key} held`);
      held = value;
      ++committed;
      if (n % 4 === 3) assert.equal(text(await contract.evaluateTransaction('get', key)), held, `what ${key} holds`);
      if (n % 16 === 15) assert.match((await failure(contract.submitTransaction('nonsense'))).message, /ABORTED/);
    }
  }

  /** Opens a stream, reads a little, goes away in the middle. */
  async function reader(gateway) {
    while (Date.now() < until) {
      const events = await gateway.getNetwork('mychannel').getBlockEvents();
      let left = 3, before;
      try {
        for await (const block of events) {
          const number = BigInt(block.getHeader().getNumber());
          assert.ok(before === undefined || number === before + 1n, `block ${number} after ${before}`);
          before = number;
          if (--left === 0 || Date.now() > until) break;
        }
      } finally {
        events.close();
      }
    }
  }

  const before = await measure(url);
  const samples = [];
  const sampler = setInterval(async () => {
    try {
      samples.push({ second: (Date.now() - begun) / 1000, committed, ...(await measure(url)) });
    } catch (error) {
      console.log(`# no sample: ${error.message}`);
    }
  }, Math.max(500, seconds * 5));

  await t.test(`${clients} clients for ${seconds} s: no wrong answer`, async () => {
    const gateways = [];
    for (let i = 0; i < clients / perConnection; ++i) gateways.push(network.gateway(i % 2 === 0 ? 'Org1' : 'Org2', { commitStatusOptions: () => ({ deadline: Date.now() + 60_000 }) }));
    const all = [];
    for (let i = 0; i < clients; ++i) all.push(client(gateways[i % gateways.length].getNetwork('mychannel').getContract('kv'), i));
    for (let i = 0; i < readers; ++i) all.push(reader(gateways[i % gateways.length]));
    await Promise.all(all);
    network.close();
    console.log(`# ${committed} transactions in ${seconds} s`);
  });
  clearInterval(sampler);

  await t.test('nothing stays open', async () => {
    let now;
    for (let tries = 0; tries < 100; ++tries) {
      now = await measure(url);
      if (now.calls === 0 && now.streams === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assert.deepEqual([now.calls, now.streams], [0, 0]);
    assert.ok(now.fds <= before.fds + 20, `${before.fds} open files before, ${now.fds} afterwards`);
    samples.push({ second: (Date.now() - begun) / 1000, committed, ...now });
    keep(samples);
  });

  await t.test('memory does not grow with time', () => {
    const mean = (from, to) => {
      const part = samples.slice(Math.floor(samples.length * from), Math.max(Math.ceil(samples.length * to), 1));
      return part.reduce((n, s) => n + s.mib, 0) / part.length;
    };
    const early = mean(0.25, 0.4), late = mean(0.85, 1);
    console.log(`# resident ${early.toFixed(0)} MiB after a third of the time, ${late.toFixed(0)} at the end`);
    assert.ok(late <= early * grownMax + grownMoreMiB, `${early} MiB became ${late}`);
  });
};
