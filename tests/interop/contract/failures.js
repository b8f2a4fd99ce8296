'use strict';
// Contracts that refuse, crash, hang and make noise. What their caller hears; and that the next call finds them.
const assert = require('node:assert/strict');
const { failure, grpc, sdk, text, unique } = require('../gateway/network');
const { alive, checkout, deploy, eventually, patiently, processesOf, said } = require('./contracts');

module.exports = async (t, network) => {
  const made = await deploy(network, checkout('assets'), '--name', 'frail');
  const contract = network.gateway('Org1').getNetwork('mychannel').getContract('frail');
  const refusals = async (...args) => {
    const evaluated = await failure(contract.evaluateTransaction(...args));
    const submitted = await failure(contract.submitTransaction(...args));
    assert.ok(evaluated instanceof sdk.GatewayError && submitted instanceof sdk.EndorseError, `${evaluated}\n${submitted}`);
    assert.equal(evaluated.code, grpc.status.UNKNOWN);
    assert.equal(submitted.code, grpc.status.ABORTED);
    assert.equal(submitted.cause.details, 'failed to endorse transaction, see attached details for more info');
    assert.deepEqual(said(submitted), said(evaluated));
    assert.equal(evaluated.cause.details, `evaluate call to endorser returned error: ${said(evaluated)}`);
    assert.deepEqual(evaluated.details.map((d) => d.mspId), ['Org1MSP']);
    return said(evaluated);
  };
  // It takes as long as a peer waits, so it begins here and is looked at below.
  const hanging = failure(contract.evaluate('hang', { endorsingOrganizations: ['Org1MSP'] }));

  await t.test('what a contract throws reaches the application literally', async () => {
    for (const message of ['refused by the contract', 'ümläut "quoted" \\ and\nlines', 'x'.repeat(2000)]) {
      assert.deepEqual(await refusals('fail', message), [`chaincode response 500, ${message}`]);
    }
    const key = unique('regret');
    assert.deepEqual(await refusals('failAfterWriting', key), ['chaincode response 500, written, and regretted']);
    assert.equal(text(await contract.evaluateTransaction('get', key)), '');
  });

  await t.test('functions that there are not, and the wrong number of arguments', async () => {
    assert.deepEqual(await refusals('nope', 'x'), ["chaincode response 500, You've asked to invoke a function that does not exist: nope"]);
    assert.deepEqual(await refusals('Nope:get', 'x'), ['chaincode response 500, Contract name is not known: Nope']);
    assert.deepEqual(await refusals('get'), ['chaincode response 500, Expected 1 parameters, but 0 have been supplied']);
  });

  await t.test('noise on standard output is nobody\'s matter', async () => {
    assert.equal(text(await contract.submitTransaction('shout')), 'shouted');
    assert.equal(text(await contract.evaluateTransaction('version')), 'one');
  });

  await t.test('a contract that exits in the middle of a call: its last words, and it is there again', async () => {
    const frail = await deploy(network, checkout('assets'), '--name', 'leaver');
    const leaver = network.gateway('Org1').getNetwork('mychannel').getContract('leaver');
    const [words] = said(await failure(leaver.evaluate('exit', { arguments: ['3'], endorsingOrganizations: ['Org1MSP'] })));
    assert.match(words, /^error in simulation: failed to execute transaction [0-9a-f]{64}: error sending: chaincode stream terminated/);
    assert.ok(words.endsWith('\nthe last thing but one\nmy last words'), words);
    assert.equal(text(await patiently(() => leaver.submitTransaction('put', 'k', 'v'))), 'put k');
    const pid = Number(text(await leaver.evaluateTransaction('pid')));
    assert.notEqual(pid, frail.pid);
    const [after] = await processesOf(network, 'leaver_1.0.0');
    assert.deepEqual([after.pid, after.starts, after.last_end], [pid, 2, 'exited with 3']);
    // Who names nobody is sent to another peer, as by Fabric's gateway, which finds the same process.
    const again = said(await failure(leaver.evaluateTransaction('exit', '4')));
    assert.ok(again.some((one) => one.endsWith('\nthe last thing but one\nmy last words')), again.join('\n'));
    assert.equal(text(await patiently(() => leaver.evaluateTransaction('get', 'k'))), 'v');
  });

  await t.test('a contract that is killed: the next call succeeds', async () => {
    await deploy(network, checkout('assets'), '--name', 'victim');
    const victim = network.gateway('Org1').getNetwork('mychannel').getContract('victim');
    const pid = Number(text(await victim.evaluateTransaction('pid')));
    process.kill(pid, 'SIGKILL');
    await eventually('the process is dead', () => !alive(pid));
    assert.equal(text(await patiently(() => victim.submitTransaction('put', 'k', 'v'))), 'put k');
    assert.notEqual(Number(text(await victim.evaluateTransaction('pid'))), pid);
    const [found] = await processesOf(network, 'victim_1.0.0');
    assert.deepEqual([found.starts, found.last_end], [2, 'killed by signal 9 (Killed)']);
  });

  await t.test('a contract that hangs ends its call after the peer\'s patience, and no other', async () => {
    assert.equal(text(await contract.evaluateTransaction('version')), 'one');
    const error = await hanging;
    assert.match(said(error).join(), /^error in simulation: failed to execute transaction [0-9a-f]{64}: .*timeout expired while executing transaction/);
    assert.equal(text(await contract.submitTransaction('put', 'k', 'v')), 'put k');
    assert.equal(Number(text(await contract.evaluateTransaction('pid'))), made.pid);
  });
};
