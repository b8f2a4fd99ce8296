'use strict';
// Every row of the gateway's table of statuses (interop/04 §2): code, message and details as the SDK shows them.
const assert = require('node:assert/strict');
const { gateway: gatewaypb, peer: peerpb } = require('@hyperledger/fabric-protos');
const { failure, grpc, sdk, submitError, unique } = require('./network');
const { envelopeOf, payloadOf, types } = require('./wire');

const { INVALID_ARGUMENT, UNKNOWN, ABORTED, FAILED_PRECONDITION, UNAVAILABLE, PERMISSION_DENIED, DEADLINE_EXCEEDED } = grpc.status;

module.exports = async (t, network) => {
  const user = network.userOf('Org1');
  const client = network.connect(network.peer('Org1'));
  const gateway = network.gateway('Org1', { client });
  const channel = gateway.getNetwork('mychannel'), kv = channel.getContract('kv'), mycc = channel.getContract('mycc');
  const own = { address: network.member('peer0.org1.example.com').address, mspId: 'Org1MSP' };
  const other = { address: network.member('peer0.org2.example.com').address, mspId: 'Org2MSP' };

  /** The SDK puts the number and name of the code in front of the server's text. */
  const row = (error, kind, code, message, details) => {
    assert.ok(error instanceof kind, `${error.name}: ${error.message}`);
    assert.equal(error.code, code, error.message);
    const said = error.cause.details;
    if (message instanceof RegExp) assert.match(said, message);
    else assert.equal(said, message);
    assert.ok(error.message.endsWith(said), error.message);
    if (details) assert.deepEqual(error.details.map((d) => ({ ...d })), details);
  };
  const call = (method, request, deadline) => new Promise((resolve, reject) => {
    client.makeUnaryRequest(`/gateway.Gateway/${method}`, (m) => Buffer.from(m.serializeBinary()), (b) => b, request, new grpc.Metadata(),
                            deadline ? { deadline: Date.now() + deadline } : {}, (e, r) => (e ? reject(e) : resolve(r)));
  });
  const refused = async (method, request, code, message) => {
    const error = await failure(call(method, request));
    assert.equal(error.code, code, error.message);
    if (message instanceof RegExp) assert.match(error.details, message);
    else assert.equal(error.details, message);
  };
  const signedProposal = (bytes, signature = 'x') => {
    const out = new peerpb.SignedProposal();
    out.setProposalBytes(bytes);
    out.setSignature(Buffer.from(signature));
    return out;
  };

  await t.test('missing and malformed requests', async () => {
    await refused('Evaluate', new gatewaypb.EvaluateRequest(), INVALID_ARGUMENT, 'failed to unpack transaction proposal: a signed proposal is required');
    await refused('Endorse', new gatewaypb.EndorseRequest(), INVALID_ARGUMENT, 'the proposed transaction must contain a signed proposal');
    await refused('Submit', new gatewaypb.SubmitRequest(), INVALID_ARGUMENT, 'a prepared transaction is required');
    await refused('CommitStatus', new gatewaypb.SignedCommitStatusRequest(), INVALID_ARGUMENT, 'a commit status request is required');

    const junk = new gatewaypb.EndorseRequest();
    junk.setProposedTransaction(signedProposal(Buffer.from([0xff, 0xff])));
    await refused('Endorse', junk, INVALID_ARGUMENT, /./);
    const junkEvaluate = new gatewaypb.EvaluateRequest();
    junkEvaluate.setProposedTransaction(signedProposal(Buffer.from([0xff, 0xff])));
    await refused('Evaluate', junkEvaluate, INVALID_ARGUMENT, /^failed to unpack transaction proposal: /);

    const transaction = await kv.newProposal('put', { arguments: [unique('unsigned'), 'x'] }).endorse();
    const prepared = gatewaypb.PreparedTransaction.deserializeBinary(transaction.getBytes());
    const submit = new gatewaypb.SubmitRequest();
    submit.setChannelId('mychannel');
    submit.setPreparedTransaction(prepared.getEnvelope());
    await refused('Submit', submit, INVALID_ARGUMENT, 'prepared transaction must be signed');

    const status = async (fill, message) => {
      const request = new gatewaypb.CommitStatusRequest();
      request.setIdentity(Buffer.from('x'));
      fill(request);
      const signed = new gatewaypb.SignedCommitStatusRequest();
      signed.setRequest(request.serializeBinary());
      await refused('CommitStatus', signed, INVALID_ARGUMENT, message);
    };
    await status((r) => r.setTransactionId('x'), 'no channel ID provided');
    await status((r) => r.setChannelId('mychannel'), 'transaction ID should not be empty');
    const bad = new gatewaypb.SignedCommitStatusRequest();
    bad.setRequest(Buffer.from([0xff]));
    await refused('CommitStatus', bad, INVALID_ARGUMENT, /^invalid status request: /);
  });

  await t.test('no channel in the proposal', async () => {
    const contract = gateway.getNetwork('').getContract('kv');
    row(await failure(contract.evaluateTransaction('get', 'x')), sdk.GatewayError, INVALID_ARGUMENT, 'failed to unpack transaction proposal: no channel id provided', []);
    row(await failure(contract.submitTransaction('put', 'x', 'y')), sdk.EndorseError, INVALID_ARGUMENT, 'no channel ID provided', []);
  });

  await t.test('a contract that fails: evaluate', async () => {
    const says = 'chaincode response 500, {"Error":"Nil amount for nobody"}';
    row(await failure(mycc.evaluateTransaction('query', 'nobody')), sdk.GatewayError, UNKNOWN, `evaluate call to endorser returned error: ${says}`, [{ ...own, message: says }]);
  });

  await t.test('a contract that fails: endorse', async () => {
    const says = 'chaincode response 500, Invalid transaction amount, expecting a integer value';
    row(await failure(mycc.submitTransaction('invoke', 'a', 'b', 'many')), sdk.EndorseError, ABORTED,
        'failed to endorse transaction, see attached details for more info', [{ ...own, message: says }]);
  });

  await t.test('a contract that fails at the organizations that the client named', async () => {
    const says = 'chaincode response 500, Invalid transaction amount, expecting a integer value';
    const error = await failure(mycc.submit('invoke', { arguments: ['a', 'b', 'many'], endorsingOrganizations: ['Org1MSP', 'Org2MSP'] }));
    row(error, sdk.EndorseError, ABORTED, 'failed to collect enough transaction endorsements, see attached details for more info');
    assert.deepEqual(error.details.map((d) => ({ ...d })).sort((a, b) => a.mspId.localeCompare(b.mspId)), [{ ...own, message: says }, { ...other, message: says }]);
    const elsewhere = await failure(mycc.submit('invoke', { arguments: ['a', 'b', 'many'], endorsingOrganizations: ['Org2MSP'] }));
    row(elsewhere, sdk.EndorseError, ABORTED, 'failed to collect enough transaction endorsements, see attached details for more info', [{ ...other, message: says }]);
  });

  await t.test('a contract that fails at the organization that the client named: evaluate', async () => {
    const says = 'chaincode response 500, {"Error":"Nil amount for nobody"}';
    row(await failure(mycc.evaluate('query', { arguments: ['nobody'], endorsingOrganizations: ['Org2MSP'] })), sdk.GatewayError, UNKNOWN,
        `evaluate call to endorser returned error: ${says}`, [{ ...other, message: says }]);
  });

  await t.test('an unknown contract', async () => {
    const nope = channel.getContract('nope');
    row(await failure(nope.evaluateTransaction('x')), sdk.GatewayError, FAILED_PRECONDITION, 'no peers available to evaluate chaincode nope in channel mychannel', []);
    row(await failure(nope.submitTransaction('x')), sdk.EndorseError, FAILED_PRECONDITION,
        'no combination of peers can be derived which satisfy the endorsement policy: No metadata was found for chaincode nope in channel mychannel', []);
    row(await failure(nope.submit('x', { endorsingOrganizations: ['Org1MSP', 'Org2MSP'] })), sdk.EndorseError, UNAVAILABLE,
        'failed to find any endorsing peers for org(s): Org1MSP, Org2MSP', []);
  });

  await t.test('an unknown channel', async () => {
    const away = gateway.getNetwork('nochannel'), contract = away.getContract('kv');
    row(await failure(contract.evaluateTransaction('get', 'x')), sdk.GatewayError, UNAVAILABLE,
        'failed to get config for channel [nochannel]: could not get last config for channel nochannel', []);
    row(await failure(contract.submitTransaction('put', 'x', 'y')), sdk.EndorseError, FAILED_PRECONDITION,
        'no combination of peers can be derived which satisfy the endorsement policy: No metadata was found for chaincode kv in channel nochannel', []);
    const submit = new gatewaypb.SubmitRequest();
    submit.setChannelId('nochannel');
    submit.setPreparedTransaction(await envelopeOf(user, payloadOf(user, { type: types.ENDORSER_TRANSACTION, channel: 'nochannel', data: Buffer.from('x') })));
    await refused('Submit', submit, FAILED_PRECONDITION, 'failed to get config for channel [nochannel]: could not get last config for channel nochannel');
    const events = await away.getChaincodeEvents('kv');
    row(await failure((async () => { for await (const e of events) return e; })()), sdk.GatewayError, PERMISSION_DENIED, 'Failed to get policy manager for channel [nochannel]');
    const request = new gatewaypb.CommitStatusRequest();
    request.setChannelId('nochannel');
    request.setTransactionId('x');
    request.setIdentity(Buffer.from('x'));
    const signed = new gatewaypb.SignedCommitStatusRequest();
    signed.setRequest(request.serializeBinary());
    await refused('CommitStatus', signed, PERMISSION_DENIED, 'Failed to get policy manager for channel [nochannel]');
  });

  await t.test('organizations without peers', async () => {
    row(await failure(kv.submit('put', { arguments: ['x', 'y'], endorsingOrganizations: ['OrgX'] })), sdk.EndorseError, UNAVAILABLE,
        'failed to find any endorsing peers for org(s): OrgX', []);
    row(await failure(kv.submit('put', { arguments: ['x', 'y'], endorsingOrganizations: ['OrgX', 'Org1MSP', 'OrgY'] })), sdk.EndorseError, UNAVAILABLE,
        'failed to find any endorsing peers for org(s): OrgX, OrgY', []);
    row(await failure(kv.evaluate('get', { arguments: ['x'], endorsingOrganizations: ['OrgX'] })), sdk.GatewayError, FAILED_PRECONDITION,
        'no peers available to evaluate chaincode kv in channel mychannel', []);
  });

  await t.test('a user of an unknown organization', async () => {
    const stranger = network.gateway('Org1', { client, user: { ...user, identity: { ...user.identity, mspId: 'Org9MSP' } } }).getNetwork('mychannel').getContract('kv');
    const says = /^error validating proposal: access denied: channel \[mychannel\] creator org unknown, creator is malformed/;
    const evaluated = await failure(stranger.evaluateTransaction('get', 'x'));
    row(evaluated, sdk.GatewayError, FAILED_PRECONDITION, /^evaluate call to endorser returned error: error validating proposal: access denied: channel \[mychannel\] creator org unknown/);
    assert.equal(evaluated.details[0].address, own.address);
    assert.match(evaluated.details[0].message, says);
    const endorsed = await failure(stranger.submitTransaction('put', 'x', 'y'));
    row(endorsed, sdk.EndorseError, ABORTED, 'failed to endorse transaction, see attached details for more info');
    assert.deepEqual(endorsed.details.map((d) => [d.address, d.mspId]), [[own.address, own.mspId]]);
    assert.match(endorsed.details[0].message, says);
  });

  async function commitBytes(contract) {
    const commit = await contract.submitAsync('put', { arguments: [unique('commit'), 'x'] });
    const request = new gatewaypb.CommitStatusRequest();
    request.setChannelId('mychannel');
    request.setTransactionId(commit.getTransactionId());
    request.setIdentity(Buffer.from('nobody'));
    const signed = new gatewaypb.SignedCommitStatusRequest();
    signed.setRequest(request.serializeBinary());
    return signed.serializeBinary();
  }

  await t.test('a proposal that was committed before', async () => {
    const proposal = kv.newProposal('put', { arguments: [unique('twice'), 'x'] });
    const submitted = await (await proposal.endorse()).submit();
    assert.ok((await submitted.getStatus()).successful);
    const error = await failure(proposal.endorse());
    row(error, sdk.EndorseError, ABORTED, 'failed to endorse transaction, see attached details for more info');
    assert.match(error.details[0].message, new RegExp(`^duplicate transaction found \\[${proposal.getTransactionId()}\\]\\. Creator \\[[0-9a-f]+\\]$`));
  });

  await t.test('a transaction that the orderer does not take', async () => {
    const transaction = await kv.newProposal('put', { arguments: [unique('refused'), 'x'] }).endorse();
    const stranger = network.userOf('Org2');
    const forged = gateway.newSignedTransaction(transaction.getBytes(), await stranger.signer(transaction.getDigest()));
    row(await failure(forged.submit()), submitError, ABORTED,
        /^received unsuccessful response from orderer: status=FORBIDDEN, info=implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Writers' sub-policies to be satisfied: permission denied/, []);
  });

  await t.test('nobody\'s right to ask for a commit', async () => {
    const commit = gateway.newCommit(await commitBytes(kv));
    row(await failure(commit.getStatus()), sdk.CommitStatusError, PERMISSION_DENIED, /policy \[\/Channel\/Application\/Readers\]/, []);
  });

  await t.test('deadlines', async () => {
    const past = { deadline: Date.now() + 1 };
    const late = [
      [sdk.GatewayError, () => kv.newProposal('get', { arguments: ['x'] }).evaluate(past)],
      [sdk.EndorseError, () => kv.newProposal('put', { arguments: ['x', 'y'] }).endorse(past)],
    ];
    for (const [kind, run] of late) {
      const error = await failure(run());
      assert.ok(error instanceof kind);
      assert.equal(error.code, DEADLINE_EXCEEDED);
    }
    // Nobody ever sees this transaction.
    const transaction = await kv.newProposal('put', { arguments: [unique('never'), 'x'] }).endorse();
    const request = new gatewaypb.CommitStatusRequest();
    request.setChannelId('mychannel');
    request.setTransactionId(transaction.getTransactionId());
    const id = new (require('@hyperledger/fabric-protos').msp.SerializedIdentity)();
    id.setMspid(user.identity.mspId);
    id.setIdBytes(user.identity.credentials);
    request.setIdentity(id.serializeBinary());
    const signed = new gatewaypb.SignedCommitStatusRequest();
    signed.setRequest(request.serializeBinary());
    const waiting = gateway.newCommit(signed.serializeBinary());
    const commit = gateway.newSignedCommit(signed.serializeBinary(), await user.signer(waiting.getDigest()));
    const error = await failure(commit.getStatus({ deadline: Date.now() + 300 }));
    assert.ok(error instanceof sdk.CommitStatusError);
    assert.equal(error.code, DEADLINE_EXCEEDED);
  });

  await t.test('no orderer: the client hears who was asked', async () => {
    const transaction = await kv.newProposal('put', { arguments: [unique('down'), 'x'] }).endorse();
    await network.command('chaos', 'kill', 'orderer0.example.com/orderer');
    // It is started again at once: a submit meanwhile is either refused with its address or succeeds.
    const outcome = await transaction.submit().then(() => null, (e) => e);
    if (outcome) {
      row(outcome, submitError, UNAVAILABLE, 'no orderers could successfully process transaction');
      for (const d of outcome.details) assert.deepEqual([d.address, d.mspId], [network.member('orderer0.example.com').address, 'OrdererMSP']);
    }
    for (let tries = 0; ; ++tries) {
      const error = await kv.submitTransaction('put', unique('up'), 'x').then(() => null, (e) => e);
      if (!error) break;
      assert.ok(tries < 100, String(error));
      assert.equal(error.code, UNAVAILABLE, String(error));
    }
  });

  await t.test('an endorser that is away: another peer evaluates', async () => {
    const kill = async (role) => {  // once it is back from the time before
      for (let tries = 0; ; ++tries) {
        const refused = await network.command('chaos', 'kill', role).then(() => null, (e) => e);
        if (!refused) return;
        assert.ok(tries < 200, String(refused));
        assert.match(String(refused), /no role .* is running/);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    for (let round = 0; round < 5; ++round) {
      await kill('peer0.org1.example.com/endorser');
      await kv.evaluateTransaction('get', 'x');
    }
    for (let tries = 0; ; ++tries) {  // until it is back, transactions lack it
      const error = await kv.submitTransaction('put', unique('back'), 'x').then(() => null, (e) => e);
      if (!error) break;
      assert.ok(tries < 200, String(error));
      assert.ok([FAILED_PRECONDITION, ABORTED].includes(error.code), String(error));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
};
