'use strict';
// Contracts that dial their peer: a package of source code, as Fabric's command line makes it, and a process for each peer with the papers that the peer wrote.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { failure, grpc, text, unique } = require('../gateway/network');
const { checkout, packages, packed, patiently, said } = require('./contracts');

const peers = ['peer0.org1.example.com', 'peer0.org2.example.com'];

module.exports = async (t, network) => {
  const folder = checkout('ledger');
  const file = packed(folder, 'dialling_1.0', 'external');  // a type that the network does not start
  const running = new Map();
  const papers = (peer) => {
    const below = path.join(network.folder, 'contracts', peer);
    return path.join(below, fs.readdirSync(below).find((name) => name.startsWith('dialling_1.0.')));
  };
  const describe = (peer) => JSON.parse(fs.readFileSync(path.join(papers(peer), 'chaincode.json'), 'utf8'));
  /** As somebody types it who has read docs/contracts.md. */
  const start = (peer, id = '$CORE_CHAINCODE_ID_NAME') => {
    const line = `. '${papers(peer)}/env.sh'; exec '${process.execPath}' '${path.join(packages(), 'fabric-shim', 'cli.js')}' start --peer.address "$CORE_PEER_ADDRESS" --chaincode-id-name "${id}"`;
    const one = spawn('sh', ['-c', line], { cwd: folder, stdio: 'ignore', env: { ...process.env, NODE_PATH: '' } });
    running.set(peer, one);
    return one;
  };
  const stop = async (peer, signal = 'SIGTERM') => {
    const one = running.get(peer);
    running.delete(peer);
    if (!one || one.exitCode !== null) return;
    one.kill(signal);
    await once(one, 'exit');
  };
  t.after(() => Promise.all(peers.map((peer) => stop(peer, 'SIGKILL'))));
  const contract = network.gateway('Org1').getNetwork('mychannel').getContract('dialling');

  await t.test('deploy takes the package, says with what its contract is started, and waits for it', async () => {
    const deploying = spawn(network.weft, ['chaincode', 'deploy', file, '--dir', network.folder]);
    let out = '';
    deploying.stdout.on('data', (data) => {
      out += data;
      if (running.size === 0 && peers.every((peer) => out.includes(`for ${peer}, with what `))) peers.forEach((peer) => start(peer));
    });
    deploying.stderr.on('data', (data) => { out += data; });
    const [code] = await once(deploying, 'exit');
    assert.equal(code, 0, out);
    assert.match(out, /dialling 1\.0 is deployed on mychannel/);
  });

  await t.test('each peer describes itself', () => {
    for (const [i, peer] of peers.entries()) {
      const d = describe(peer);
      assert.match(d.chaincode_id, /^dialling_1\.0:[0-9a-f]{64}$/);
      assert.equal(d.mspid, `Org${i + 1}MSP`);
      assert.equal(Number(d.peer_address.split(':')[1]), Number(network.member(peer).address.split(':')[1]) + 1);
    }
  });

  const key = unique('dialling');
  await t.test('it is called, and knows whose peer asks', async () => {
    await contract.submitTransaction('put', key, 'one');
    assert.equal(text(await contract.evaluateTransaction('get', key)), 'one');
    assert.equal(text(await contract.evaluateTransaction('peer')), 'Org1MSP');
  });

  await t.test('killed and started again it is called at once', async () => {
    await stop(peers[0], 'SIGKILL');
    start(peers[0]);
    assert.equal(text(await patiently(() => contract.evaluateTransaction('get', key))), 'one');
  });

  await t.test('the papers of one package are no good for another, and those of no peer for nobody', async () => {
    await stop(peers[0]);
    const stranger = start(peers[0], `dialling_1.0:${'0'.repeat(64)}`);
    await once(stranger, 'exit');  // the peer ends the stream, and a Node contract with it
    const { peer_address: address, root_cert: root } = describe(peers[0]);
    const client = new grpc.Client(address, grpc.credentials.createSsl(Buffer.from(root)));
    const same = (x) => x;
    const stream = client.makeBidiStreamRequest('/protos.ChaincodeSupport/Register', same, same);
    const [error] = await once(stream, 'error');
    assert.equal(error.code, grpc.status.UNAVAILABLE);  // the handshake ends without a certificate
    client.close();
    const away = await failure(contract.evaluate('get', { arguments: [key], endorsingOrganizations: ['Org1MSP'] }));
    assert.match(said(away).join(), /it has not registered with this peer; start it with what .*env\.sh sets/);
    start(peers[0]);
    assert.equal(text(await patiently(() => contract.evaluateTransaction('get', key))), 'one');
  });
};
