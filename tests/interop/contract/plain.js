'use strict';
// A contract on fabric-shim alone, given as an executable: Init and Invoke of its own, and answers that contract-api never gives.
const assert = require('node:assert/strict');
const path = require('node:path');
const { failure, grpc, text, unique, MiB } = require('../gateway/network');
const { checkout, deploy, said } = require('./contracts');

module.exports = async (t, network) => {
  const made = await deploy(network, path.join(checkout('plain'), 'plain.js'), '--init-required', '--version', '0.1');
  const plain = network.gateway('Org1').getNetwork('mychannel').getContract('plain');
  const init = (...args) => network.command('invoke', '--json', '--init', 'plain', ...args);

  await t.test('an executable is named after its file, and has no functions to list', () => {
    assert.deepEqual([made.name, made.version, made.sequence, made.functions], ['plain', '0.1', 1, []]);
  });

  await t.test('Init is the first call, once', async () => {
    assert.match(said(await failure(plain.evaluateTransaction('get', 'k'))).join(), /chaincode 'plain' has not been initialized for this version, must call as init first$/);
    assert.match((await failure(init('refuse'))).message, /chaincode response 500, Init refuses/);
    const done = JSON.parse(await init('begin', 'x', 'y'));
    assert.equal(done.ok, true);
    assert.equal(text(await plain.evaluateTransaction('get', 'initialized')), 'begin,x,y');
    assert.match((await failure(init('begin'))).message, /chaincode 'plain' is already initialized but called as init/);
  });

  await t.test('puts and gets', async () => {
    const key = unique('plain');
    assert.equal(text(await plain.submitTransaction('put', key, 'value')), '');
    assert.equal(text(await plain.evaluateTransaction('get', key)), 'value');
  });

  await t.test('arguments are bytes', async () => {
    const args = [Buffer.from([0, 0xff, 0x80, 10]), Buffer.alloc(0), Buffer.from('ü')];
    const seen = JSON.parse(text(await plain.evaluate('arguments', { arguments: args })));
    assert.deepEqual(seen, [Buffer.from('arguments'), ...args].map((one) => one.toString('hex')));
  });

  await t.test('statuses from 200 to 399 are endorsed, others are not', async () => {
    for (const status of ['200', '201', '299', '300', '399']) {
      assert.equal(text(await plain.submitTransaction('respond', status, 'a message', 'payload')), 'payload');
    }
    for (const status of ['400', '404', '500', '599', '1000', '199']) {
      const evaluated = await failure(plain.evaluateTransaction('respond', status, `a ${status}`, 'payload'));
      assert.deepEqual([evaluated.code, said(evaluated)], [grpc.status.UNKNOWN, [`chaincode response ${status}, a ${status}`]]);
      const submitted = await failure(plain.submitTransaction('respond', status, `a ${status}`, 'payload'));
      assert.deepEqual([submitted.code, said(submitted)], [grpc.status.ABORTED, [`chaincode response ${status}, a ${status}`]]);
    }
  });

  await t.test('an answer that is none', async () => {
    for (const args of [['nonsense'], ['respond', '0', 'm', 'p']]) {
      const says = said(await failure(plain.evaluateTransaction(...args))).join();
      assert.match(says, /^chaincode response 500, \[mychannel-[0-9a-f]{8}\] Calling chaincode Invoke\(\) has not called success or error\.$/);
    }
    assert.deepEqual(said(await failure(plain.evaluateTransaction('other'))), ['chaincode response 500, no function other']);
  });

  await t.test('answers of 5 MiB', async () => {
    const answer = Buffer.from(await plain.evaluateTransaction('large', String(5 * MiB)));
    assert.ok(answer.equals(Buffer.alloc(5 * MiB, 'weft')));
  });
};
