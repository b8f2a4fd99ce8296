'use strict';
// From a folder to a channel that runs it, again, changed, and under other policies.
const assert = require('node:assert/strict');
const path = require('node:path');
const { failure, sdk, text, unique } = require('../gateway/network');
const { alive, answers, checkout, deploy, edit, list, processesOf, said } = require('./contracts');

const functions = ['put', 'get', 'version', 'results', 'fail', 'failAfterWriting', 'exit', 'hang', 'pid', 'shout', 'call'];

module.exports = async (t, network) => {
  const folder = checkout('assets');
  const [one, two] = ['Org1', 'Org2'].map((org) => network.gateway(org).getNetwork('mychannel').getContract('assets'));
  let first;

  await t.test('a folder is all that deploy wants', async () => {
    first = await deploy(network, folder);
    assert.deepEqual(Object.keys(first).sort(), ['address', 'block', 'channel', 'functions', 'log', 'name', 'ok', 'package_id', 'pid', 'sequence', 'version']);
    const { address, block, log, package_id: id, pid, ...rest } = first;
    assert.deepEqual(rest, { ok: true, channel: 'mychannel', name: 'assets', version: '1.0.0', sequence: 1, functions });
    assert.match(address, /^127\.0\.0\.1:(2[89]|3[01])\d{3}$/);
    assert.match(id, /^assets_1\.0\.0:[0-9a-f]{64}$/);
    assert.ok(Number.isInteger(block) && block > 0, String(block));
    assert.equal(log, path.join(network.folder, 'contracts', 'assets_1.0.0.log'));
    assert.ok(alive(pid));
  });

  await t.test('it is called at once, from both organizations', async () => {
    const key = unique('asset');
    assert.equal(text(await one.submitTransaction('put', key, 'a value')), `put ${key}`);
    for (const contract of [one, two]) await answers(contract, 'a value', 'get', key);
  });

  await t.test('answers are what contract-api makes of results', async () => {
    const answer = async (kind) => text(await one.evaluateTransaction('results', kind));
    assert.equal(await answer('number'), '7');
    assert.equal(await answer('object'), '{"b":[1,"zwölf"],"a":null}');
    assert.equal(await answer('nothing'), '');
    assert.deepEqual(JSON.parse(await answer('bytes')), { type: 'Buffer', data: [...Buffer.from('bytes')] });
  });

  await t.test('its metadata is what contract-api says of itself', async () => {
    const metadata = JSON.parse(text(await one.evaluateTransaction('org.hyperledger.fabric:GetMetadata')));
    assert.deepEqual(Object.keys(metadata.contracts), ['Assets', 'org.hyperledger.fabric']);
    assert.deepEqual(metadata.contracts.Assets.transactions.map((f) => f.name), functions);
    assert.equal(text(await one.evaluateTransaction('Assets:version')), 'one');
  });

  await t.test('it is listed, and its log can be read', async () => {
    const { contracts } = await list(network);
    const found = contracts.filter((c) => c.name === 'assets');
    assert.deepEqual(found, [{ channel: 'mychannel', name: 'assets', version: '1.0.0', sequence: 1, policy: found[0].policy, init_required: false }]);
    const [process] = await processesOf(network, 'assets_1.0.0');
    assert.deepEqual(process, {
      label: 'assets_1.0.0', package_id: first.package_id, path: folder, address: first.address, phase: process.phase, pid: first.pid, starts: 1, last_end: '', log: first.log,
    });
    assert.match(await network.command('chaincode', 'log', 'assets'), /No metadata file supplied in contract, introspection will generate all the data/);
  });

  await t.test('the same again is the next sequence, and keeps the state', async () => {
    const key = unique('kept');
    await one.submitTransaction('put', key, 'kept');
    const again = await deploy(network, folder);
    assert.deepEqual([again.ok, again.version, again.sequence, again.package_id], [true, '1.0.0', 2, first.package_id]);
    assert.ok(again.block > first.block);
    await answers(two, 'kept', 'get', key);
    assert.equal((await processesOf(network, 'assets_1.0.0')).length, 1);
  });

  await t.test('changed code with a new version takes its place, and who calls meanwhile notices nothing', async () => {
    const changed = checkout('assets');
    edit(path.join(changed, 'index.js'), "return 'one'", "return 'two'");
    const key = unique('before');
    await one.submitTransaction('put', key, 'from before');
    let done = false;
    const calling = (async () => {
      const out = [];
      while (!done) out.push(text(await one.evaluateTransaction('version')));
      return out;
    })();
    const upgraded = await deploy(network, changed, '--version', '2.0').finally(() => { done = true; });
    const seen = await calling;
    assert.deepEqual([upgraded.version, upgraded.sequence], ['2.0', 3]);
    assert.match(upgraded.package_id, /^assets_2\.0:/);
    for (const contract of [one, two]) assert.equal(text(await contract.evaluateTransaction('version')), 'two');
    await answers(two, 'from before', 'get', key);
    assert.deepEqual([...new Set(seen)].filter((v) => v !== 'one' && v !== 'two'), []);
    assert.equal(seen[0], 'one');
    assert.deepEqual(await processesOf(network, 'assets_1.0.0'), []);
    assert.ok(!alive(first.pid));
    assert.equal((await processesOf(network, 'assets_2.0'))[0].pid, upgraded.pid);
  });

  await t.test('of AND and OR policies', async () => {
    const policy = "('Org1MSP.peer', 'Org2MSP.peer')";
    await deploy(network, folder, '--name', 'both', '--policy', `AND${policy}`);
    await deploy(network, folder, '--name', 'either', '--policy', `OR${policy}`);
    const both = network.gateway('Org1').getNetwork('mychannel').getContract('both'), either = network.gateway('Org1').getNetwork('mychannel').getContract('either');
    const put = (contract, ...endorsingOrganizations) => contract.submit('put', { arguments: [unique('policy'), 'x'], ...(endorsingOrganizations.length > 0 && { endorsingOrganizations }) });
    await put(both);
    await put(both, 'Org1MSP', 'Org2MSP');
    for (const org of ['Org1MSP', 'Org2MSP']) {
      const error = await failure(put(both, org));
      assert.ok(error instanceof sdk.CommitError, String(error));
      assert.equal(error.code, sdk.StatusCode.ENDORSEMENT_POLICY_FAILURE);
      await put(either, org);
    }
    const shown = Object.fromEntries((await list(network)).contracts.map((c) => [c.name, c.policy]));
    assert.match(shown.both, /Org1MSP.*Org2MSP/);
    assert.notEqual(shown.both, shown.either);
    const unsatisfiable = await failure(deploy(network, folder, '--name', 'never', '--policy', "AND('Org1MSP.peer'"));
    assert.match(unsatisfiable.message, /--policy/);
  });

  await t.test('a contract that has to be initialized is', async () => {
    const made = await deploy(network, folder, '--name', 'initial', '--init-required');
    assert.deepEqual([made.sequence, made.functions], [1, functions]);
    const initial = network.gateway('Org1').getNetwork('mychannel').getContract('initial');
    const early = await failure(initial.submitTransaction('put', 'k', 'v'));
    assert.equal(said(early).length, 1);
    assert.match(said(early)[0], /^error in simulation: failed to execute transaction [0-9a-f]{64}: invalid invocation: chaincode 'initial' has not been initialized for this version, must call as init first$/);
    const begun = JSON.parse(await network.command('invoke', '--json', '--init', 'initial', 'put', 'k', 'v0'));
    assert.equal(begun.ok, true);
    assert.equal(text(await initial.evaluateTransaction('get', 'k')), 'v0');
    await initial.submitTransaction('put', 'k', 'v1');
    const twice = await failure(network.command('invoke', '--json', '--init', 'initial', 'put', 'k', 'v2'));
    assert.match(twice.message, /chaincode 'initial' is already initialized but called as init/);
    assert.equal(text(await initial.evaluateTransaction('get', 'k')), 'v1');
  });

  await t.test('folders that are no contract are refused with what to do, before anything is made', async () => {
    const fs = require('node:fs');
    const bare = checkout('assets');
    fs.unlinkSync(path.join(bare, 'node_modules'));
    assert.match((await failure(deploy(network, bare, '--name', 'bare'))).message, /has no node_modules: run `npm install` there first/);
    assert.match((await failure(deploy(network, path.join(folder, 'nowhere')))).message, /No such file or directory/);
    const collections = path.join(folder, 'collections.json');
    fs.writeFileSync(collections, JSON.stringify([{ name: 'deals', policy: "OR('Org1MSP.member')", requiredPeerCount: 0, maxPeerCount: 1, blockToLive: 0, memberOnlyRead: true }]));
    assert.match((await failure(deploy(network, folder, '--name', 'nowhere', '--collections', collections))).message, /private data collections that a contract defines \(deals\) are not there yet/);
    const broken = checkout('assets');
    edit(path.join(broken, 'index.js'), "'use strict';", "'use strict'; this is no JavaScript");
    const error = await failure(deploy(network, broken, '--name', 'broken'));
    assert.match(error.message, /SyntaxError/);
    const now = await list(network);
    assert.deepEqual(now.contracts.filter((c) => ['bare', 'broken', 'nowhere'].includes(c.name)), []);
    assert.deepEqual(now.processes.filter((p) => /^(bare|broken|nowhere)_/.test(p.label)), []);
  });
};
