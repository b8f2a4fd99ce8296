'use strict';
// A contract that the developer runs, as under a debugger: started with the package id that deploy prints, stopped and started again.
const assert = require('node:assert/strict');
const net = require('node:net');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { failure, grpc, text, unique } = require('../gateway/network');
const { checkout, edit, eventually, list, packages, patiently, said } = require('./contracts');

/** A port that nobody uses now. */
async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

const listens = (port) => new Promise((resolve) => {
  const socket = net.connect(port, '127.0.0.1', () => socket.destroy(resolve(true))).on('error', () => resolve(false));
});

module.exports = async (t, network) => {
  const address = `127.0.0.1:${await freePort()}`, port = Number(address.split(':')[1]);
  const folder = checkout('ledger');
  let running;
  const start = (id) => {
    running = spawn(process.execPath, [path.join(packages(), 'fabric-shim', 'cli.js'), 'server', '--chaincode-address', address, '--chaincode-id', id],
                    { cwd: folder, stdio: 'ignore', env: { ...process.env, NODE_PATH: '', CORE_PEER_LOCALMSPID: 'Org1MSP' } });
  };
  const stop = async (signal = 'SIGTERM') => {
    if (!running) return;
    running.kill(signal);
    await once(running, 'exit');
    running = undefined;
  };
  t.after(() => stop('SIGKILL'));
  const served = network.gateway('Org1').getNetwork('mychannel').getContract('served');
  let id;

  await t.test('deploy says with which id it has to run, and waits for it', async () => {
    const deploying = spawn(network.weft, ['chaincode', 'deploy', '--address', address, '--name', 'served', '--version', '3', '--dir', network.folder]);
    let out = '';
    deploying.stdout.on('data', (data) => {
      out += data;
      const found = out.match(/CHAINCODE_ID=(\S+)/);
      if (found && !id) start(id = found[1]);
    });
    const [code] = await once(deploying, 'exit');
    assert.equal(code, 0, out);
    assert.match(id, /^served_3:[0-9a-f]{64}$/);
    assert.match(out, /served 3 is deployed on mychannel/);
    const known = await list(network);
    assert.deepEqual(known.contracts.filter((c) => c.name === 'served').map((c) => [c.version, c.sequence]), [['3', 1]]);
    assert.deepEqual(known.processes.filter((p) => p.label.startsWith('served')), []);
    assert.equal(text(await served.evaluateTransaction('peer')), 'Org1MSP');  // as its environment says
  });

  const key = unique('served');
  await t.test('it is called', async () => {
    await served.submitTransaction('put', key, 'one');
    assert.equal(text(await served.evaluateTransaction('get', key)), 'one');
  });

  await t.test('stopped, started and called at once: what waits for it is served, by the code that is there then', async () => {
    for (const signal of ['SIGTERM', 'SIGKILL']) {
      await stop(signal);
      edit(path.join(folder, 'index.js'), "async get(ctx, key) {\n", `async get(ctx, key) {\n    if (key === '${signal}') return 'after ${signal}';\n`);
      const calls = [() => served.evaluateTransaction('get', key), () => served.evaluateTransaction('get', signal), () => served.submitTransaction('put', unique('waits'), 'x')].map(patiently);
      start(id);  // it does not listen yet
      assert.deepEqual((await Promise.all(calls)).map(text), ['one', `after ${signal}`, '']);
    }
  });

  await t.test('while it is away, calls end with where it was looked for', async () => {
    await stop();
    assert.ok(!await listens(port));
    const error = await failure(served.evaluate('get', { arguments: [key], endorsingOrganizations: ['Org1MSP'] }));
    const says = said(error).join();
    assert.ok(says.includes(`could not launch chaincode ${id}: connection to ${id} failed: error cannot create connection for ${id}: error creating grpc connection to ${address}: `), says);
    assert.equal(error.code, grpc.status.ABORTED);
    // Other contracts do not care, and it is found as soon as it is back.
    assert.match(text(await network.gateway('Org1').getNetwork('mychannel').getContract('mycc').evaluateTransaction('query', 'a')), /^-?\d+$/);
    start(id);
    assert.equal(text(await patiently(() => served.evaluateTransaction('get', key))), 'one');
  });

  await t.test('one that has another id is not taken for it', async () => {
    await stop();
    start(`served_3:${'0'.repeat(64)}`);
    await eventually('it listens', () => listens(port));
    const error = await failure(served.evaluate('get', { arguments: [key], endorsingOrganizations: ['Org1MSP'] }));
    assert.match(said(error).join(), /served_3:0000/);
    await stop();
    start(id);
    assert.equal(text(await patiently(() => served.evaluateTransaction('get', key))), 'one');
  });
};
