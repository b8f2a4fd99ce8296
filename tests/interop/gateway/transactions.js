'use strict';
// What applications do with transactions, over two organizations. After the public scenario feature "transactions" of fabric-gateway.
const assert = require('node:assert/strict');
const { failure, sdk, text, unique } = require('./network');

module.exports = async (t, network) => {
  const org1 = network.gateway('Org1').getNetwork('mychannel');
  const org2 = network.gateway('Org2').getNetwork('mychannel');
  const kv = org1.getContract('kv');

  await t.test('evaluates', async () => {
    assert.match(text(await org1.getContract('mycc').evaluateTransaction('query', 'a')), /^-?\d+$/);
  });

  await t.test('evaluates with only its own organization as a target, and with only the other', async () => {
    for (const endorsingOrganizations of [['Org1MSP'], ['Org2MSP'], ['Org1MSP', 'Org2MSP']]) {
      const key = await kv.evaluate('get', { arguments: [unique('nothing')], endorsingOrganizations });
      assert.equal(text(key), '');
    }
  });

  await t.test('submits, and both organizations see the result', async () => {
    const key = unique('submit');
    await kv.submitTransaction('put', key, 'one');
    assert.equal(text(await kv.evaluateTransaction('get', key)), 'one');
    const elsewhere = org2.getContract('kv');
    await elsewhere.submitTransaction('put', key, 'two');
    assert.equal(text(await elsewhere.evaluateTransaction('get', key)), 'two');
  });

  await t.test('a submit gives the contract\'s answer', async () => {
    const key = unique('answer');
    await kv.submitTransaction('put', key, 'before');
    assert.equal(text(await kv.submitTransaction('rmw', key, 'after')), 'before');
  });

  await t.test('arguments and answers are bytes', async () => {
    const key = unique('bytes'), value = Buffer.from([0, 1, 0xff, 0xfe, 0x80, 0]);
    await kv.submit('put', { arguments: [key, value] });
    assert.deepEqual(Buffer.from(await kv.evaluate('get', { arguments: [key] })), value);
  });

  await t.test('submitAsync answers before the commit, and getStatus tells of it', async () => {
    const key = unique('async');
    await kv.submitTransaction('put', key, 'old');
    const commit = await kv.submitAsync('rmw', { arguments: [key, 'new'] });
    assert.equal(text(commit.getResult()), 'old');
    const status = await commit.getStatus();
    assert.deepEqual([status.successful, status.code, status.transactionId], [true, sdk.StatusCode.VALID, commit.getTransactionId()]);
    assert.ok(status.blockNumber > 0n);
    const again = await commit.getStatus();  // a transaction that was committed before
    assert.equal(again.blockNumber, status.blockNumber);
  });

  await t.test('proposal, endorsement and commit step by step', async () => {
    const key = unique('steps');
    const proposal = kv.newProposal('put', { arguments: [key, 'x'] });
    const transaction = await proposal.endorse();
    assert.equal(transaction.getTransactionId(), proposal.getTransactionId());
    assert.equal(text(transaction.getResult()), '');
    const submitted = await transaction.submit();
    assert.ok((await submitted.getStatus()).successful);
    assert.equal(text(await kv.newProposal('get', { arguments: [key] }).evaluate()), 'x');
  });

  await t.test('transient data reaches the contract and nothing else', async () => {
    // pput wants a collection, which this contract does not have: that it is asked for one shows that the transient field arrived.
    const refused = await failure(kv.submit('pput', { arguments: ['nosuch', 'key'], transientData: { value: 'secret' } }));
    assert.doesNotMatch(JSON.stringify(refused.details), /no transient field/);
    const without = await failure(kv.submit('pput', { arguments: ['nosuch', 'key'] }));
    assert.match(JSON.stringify(without.details), /no transient field 'value'/);
    const key = unique('transient');
    await kv.submit('put', { arguments: [key, 'public'], transientData: { hidden: Buffer.from('secret') } });
    assert.equal(text(await kv.evaluate('get', { arguments: [key], transientData: { hidden: 'secret' } })), 'public');
  });

  await t.test('endorsing organizations that the client names endorse', async () => {
    const key = unique('orgs');
    await kv.submit('put', { arguments: [key, 'both'], endorsingOrganizations: ['Org1MSP', 'Org2MSP'] });
    assert.equal(text(await kv.evaluateTransaction('get', key)), 'both');
    const { common, gateway, peer } = require('@hyperledger/fabric-protos');
    const endorsers = async (endorsingOrganizations) => {
      const transaction = await kv.newProposal('put', { arguments: [key, 'x'], endorsingOrganizations }).endorse();
      const envelope = gateway.PreparedTransaction.deserializeBinary(transaction.getBytes()).getEnvelope();
      const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
      const action = peer.Transaction.deserializeBinary(payload.getData_asU8()).getActionsList()[0];
      return peer.ChaincodeActionPayload.deserializeBinary(action.getPayload_asU8()).getAction().getEndorsementsList()
        .map((e) => text(e.getEndorser_asU8()).match(/Org\dMSP/)[0]).sort();
    };
    assert.deepEqual(await endorsers(['Org2MSP']), ['Org2MSP']);
    assert.deepEqual(await endorsers(['Org1MSP', 'Org2MSP', 'Org1MSP']), ['Org1MSP', 'Org2MSP']);
  });

  await t.test('too few endorsing organizations: the committers say so', async () => {
    const error = await failure(kv.submit('put', { arguments: [unique('few'), 'x'], endorsingOrganizations: ['Org2MSP'] }));
    assert.ok(error instanceof sdk.CommitError, String(error));
    assert.equal(error.code, sdk.StatusCode.ENDORSEMENT_POLICY_FAILURE);
  });

  await t.test('users of one organization work at the other\'s peer', async () => {
    const key = unique('mutual');
    for (const [at, of] of [['Org1', 'Org2'], ['Org2', 'Org1']]) {
      const contract = network.gateway(at, { user: network.userOf(of) }).getNetwork('mychannel').getContract('kv');
      await contract.submitTransaction('put', key, `${of} at ${at}`);
      assert.equal(text(await contract.evaluateTransaction('get', key)), `${of} at ${at}`);
    }
  });

  await t.test('of two that read the same version, the second is told why', async () => {
    const key = unique('conflict');
    await kv.submitTransaction('put', key, '0');
    const [first, second] = await Promise.all(['1', '2'].map((v) => kv.newProposal('rmw', { arguments: [key, v] }).endorse()));
    const committed = await (await first.submit()).getStatus();
    assert.ok(committed.successful);
    const lost = await (await second.submit()).getStatus();
    assert.deepEqual([lost.successful, lost.code], [false, sdk.StatusCode.MVCC_READ_CONFLICT]);
    // The same by the one call that applications use.
    const blocked = await kv.newProposal('rmw', { arguments: [key, '3'] }).endorse();
    const racing = kv.newProposal('rmw', { arguments: [key, '4'] });
    const late = await racing.endorse();
    assert.ok((await (await blocked.submit()).getStatus()).successful);
    const error = await failure((async () => {
      const status = await (await late.submit()).getStatus();
      if (!status.successful) throw Object.assign(new Error('not valid'), { code: status.code, transactionId: status.transactionId });
    })());
    assert.deepEqual([error.code, error.transactionId], [11, racing.getTransactionId()]);
  });

  await t.test('submit throws CommitError with the code of the conflict', async () => {
    const key = unique('race');
    await kv.submitTransaction('put', key, '0');
    // Both read the same version; one has to lose, and it is a CommitError with code 11.
    for (let round = 0; round < 50; ++round) {
      const outcomes = await Promise.allSettled(['a', 'b', 'c', 'd'].map((v) => kv.submitTransaction('rmw', key, v)));
      const lost = outcomes.filter((o) => o.status === 'rejected').map((o) => o.reason);
      for (const error of lost) {
        assert.ok(error instanceof sdk.CommitError, String(error));
        assert.equal(error.code, sdk.StatusCode.MVCC_READ_CONFLICT);
        assert.match(error.message, /^Transaction [0-9a-f]{64} failed to commit with status code 11 \(MVCC_READ_CONFLICT\)$/);
      }
      if (lost.length > 0) return;
    }
    assert.fail('no conflict in 50 rounds');
  });

  await t.test('a hundred at once', async () => {
    const keys = Array.from({ length: 100 }, (_, i) => unique(`many${i}`));
    await Promise.all(keys.map((key, i) => (i % 2 ? kv : org2.getContract('kv')).submitTransaction('put', key, key)));
    const read = await Promise.all(keys.map((key) => kv.evaluateTransaction('get', key)));
    assert.deepEqual(read.map(text), keys);
  });

  await t.test('the asset contract of the samples', async () => {
    const basic = org1.getContract('basic'), id = unique('asset');
    await basic.submitTransaction('CreateAsset', id, 'yellow', '5', 'Tom', '1300');
    assert.equal(text(await basic.submitTransaction('TransferAsset', id, 'Saptha')), 'Tom');
    assert.deepEqual(JSON.parse(text(await basic.evaluateTransaction('ReadAsset', id))),
                     { AppraisedValue: 1300, Color: 'yellow', ID: id, Owner: 'Saptha', Size: 5 });
    const error = await failure(basic.submitTransaction('UpdateAsset', `no-${id}`, 'blue', '5', 'Tomoko', '300'));
    assert.ok(error instanceof sdk.EndorseError);
    assert.match(error.details[0].message, new RegExp(`^chaincode response 500, the asset no-${id} does not exist$`));
  });

  await t.test('system contracts answer through the gateway', async () => {
    const { common } = require('@hyperledger/fabric-protos');
    const info = common.BlockchainInfo.deserializeBinary(await org1.getContract('qscc').evaluateTransaction('GetChainInfo', 'mychannel'));
    assert.ok(info.getHeight() > 2);
    const block = common.Block.deserializeBinary(await org1.getContract('qscc').evaluateTransaction('GetBlockByNumber', 'mychannel', '0'));
    assert.equal(block.getHeader().getNumber(), 0);
  });
};
