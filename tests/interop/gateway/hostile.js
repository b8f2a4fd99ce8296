'use strict';
// Clients that mean no good, at the ports that everybody reaches: the node answers others all the while, its memory stays bounded, and it is the same process in
// the end.
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const http2 = require('node:http2');
const net = require('node:net');
const path = require('node:path');
const tls = require('node:tls');
const { gateway: gatewaypb, peer: peerpb } = require('@hyperledger/fabric-protos');
const { failure, grpc, MiB, text, unique } = require('./network');
const { deliver, envelopeOf, payloadOf, seekInfo, types } = require('./wire');

module.exports = async (t, network) => {
  const members = ['peer0.org1.example.com', 'peer0.org2.example.com', 'orderer0.example.com'];
  const user = network.userOf('Org1');
  const gateway = network.gateway('Org1'), kv = gateway.getNetwork('mychannel').getContract('kv');
  const pid = Number(fs.readFileSync(path.join(network.folder, 'weft.lock'), 'utf8').match(/\d+/)?.[0]) || JSON.parse(await network.command('status', '--json')).pid;
  const memory = () => Number(fs.readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+) kB/)[1]) * 1024;
  const descriptors = () => fs.readdirSync(`/proc/${pid}/fd`).length;
  /** Others are served: a query and a transaction. */
  const works = async () => {
    const key = unique('honest');
    await kv.submitTransaction('put', key, 'served');
    assert.equal(text(await kv.evaluateTransaction('get', key)), 'served');
  };
  const until = async (what, holds, seconds = 60) => {
    for (const end = Date.now() + seconds * 1000; ; ) {
      if (await holds()) return;
      if (Date.now() > end) assert.fail(`not within ${seconds} s: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const port = (member) => Number(network.member(member).address.split(':')[1]);
  const raw = (member) => {
    const socket = net.connect(port(member), '127.0.0.1');
    socket.on('error', () => {});
    return socket;
  };
  await works();
  const atFirst = { memory: memory(), descriptors: descriptors() };

  await t.test('handshakes that never end are cut', async () => {
    const hello = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]);  // the beginning of a ClientHello
    const sockets = [];
    for (let i = 0; i < 300; ++i) {
      const socket = raw(members[i % members.length]);
      if (i % 3 === 1) socket.write(hello);
      if (i % 3 === 2) socket.write(crypto.randomBytes(64));
      socket.resume();
      sockets.push(socket);
    }
    await works();
    await until('all are closed', () => sockets.every((s) => s.destroyed || s.readableEnded));
    for (const s of sockets) s.destroy();
    await until('descriptors are given back', () => descriptors() <= atFirst.descriptors + 20);
    await works();
  });

  await t.test('who does not speak TLS, or not HTTP/2', async () => {
    for (const member of members) {
      const at = network.member(member);
      const clear = new grpc.Client(at.address, grpc.credentials.createInsecure());
      const error = await failure(new Promise((resolve, reject) => {
        clear.makeUnaryRequest('/gateway.Gateway/Evaluate', (b) => b, (b) => b, Buffer.alloc(0), new grpc.Metadata(), { deadline: Date.now() + 5000 }, (e, r) => (e ? reject(e) : resolve(r)));
      }));
      assert.ok([grpc.status.UNAVAILABLE, grpc.status.DEADLINE_EXCEEDED].includes(error.code), String(error));
      clear.close();
      const old = tls.connect({ port: port(member), host: '127.0.0.1', ca: at.pem, servername: at.name, ALPNProtocols: ['http/1.1'] });
      await new Promise((resolve) => {
        old.on('error', resolve).on('close', resolve).on('secureConnect', () => {
          assert.notEqual(old.alpnProtocol, 'http/1.1');
          old.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
        });
      });
    }
    await works();
  });

  await t.test('certificates of strangers, on either side', async () => {
    const at = network.member(members[0]);
    // A server that somebody else vouches for is none of ours.
    const foreign = new grpc.Client(at.address, grpc.credentials.createSsl(Buffer.from(network.member('orderer0.example.com').pem)), { 'grpc.ssl_target_name_override': at.name });
    const error = await failure(new Promise((resolve, reject) => foreign.waitForReady(Date.now() + 2000, (e) => (e ? reject(e) : resolve()))));
    assert.match(String(error), /deadline|connect/i);
    foreign.close();
    // A client may show what it likes: here nobody asks for it.
    const shown = network.userOf('Org2');
    const key = JSON.parse(fs.readFileSync(path.join(network.folder, 'wallet', 'User1@org2.example.com.id'), 'utf8')).credentials.privateKey;
    const client = new grpc.Client(at.address, grpc.credentials.createSsl(Buffer.from(at.pem), Buffer.from(key), shown.identity.credentials), { 'grpc.ssl_target_name_override': at.name });
    const contract = network.gateway('Org1', { client }).getNetwork('mychannel').getContract('kv');
    await contract.evaluateTransaction('get', 'x');
    client.close();
  });

  await t.test('messages above 100 MB, and those that say they are', async () => {
    const client = network.connect(members[0], { 'grpc.max_send_message_length': -1 });
    const error = await failure(new Promise((resolve, reject) => {
      client.makeUnaryRequest('/gateway.Gateway/Endorse', (b) => b, (b) => b, Buffer.alloc(101 * MiB), new grpc.Metadata(), {}, (e, r) => (e ? reject(e) : resolve(r)));
    }));
    assert.equal(error.code, grpc.status.RESOURCE_EXHAUSTED, String(error));
    await works();
  });

  await t.test('messages that never end', async () => {
    const half = Buffer.alloc(50 * MiB), sessions = [], before = memory(), prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(99 * MiB, 1);
    let most = 0;
    for (let i = 0; i < 24; ++i) {
      const at = network.member(members[0]);
      const session = http2.connect(`https://${at.address}`, { ca: at.pem, servername: at.name });
      session.on('error', () => {});
      const request = session.request({ ':method': 'POST', ':path': '/gateway.Gateway/Evaluate', 'content-type': 'application/grpc', te: 'trailers' });
      request.on('error', () => {});
      request.resume();
      request.write(prefix);
      await Promise.race([new Promise((resolve) => request.write(half, resolve)), new Promise((resolve) => request.on('close', resolve)),
                          new Promise((resolve) => setTimeout(resolve, 5000))]);
      sessions.push(session);
      most = Math.max(most, memory() - before);
    }
    console.log(`# 24 halves of 100 MB cost ${(most / MiB).toFixed(0)} MiB`);
    assert.ok(most < 1000 * MiB, `${most / MiB} MiB`);  // all together would be 1200
    const other = network.gateway('Org2').getNetwork('mychannel').getContract('kv');
    await other.submitTransaction('put', unique('elsewhere'), 'x');  // another member's port knows nothing of it
    for (const s of sessions) s.destroy();
    await until('this port serves again', () => works().then(() => true, () => false));
  });

  await t.test('messages that end in the middle, and frames that are none', async () => {
    for (const [member, where] of [[members[0], '/gateway.Gateway/Evaluate'], [members[0], '/protos.Endorser/ProcessProposal'], [members[0], '/protos.Deliver/Deliver'],
                                   [members[2], '/orderer.AtomicBroadcast/Broadcast'], [members[2], '/orderer.AtomicBroadcast/Deliver']]) {
      const at = network.member(member);
      const session = http2.connect(`https://${at.address}`, { ca: at.pem, servername: at.name });
      session.on('error', () => {});
      const ask = (body, headers = {}) => new Promise((resolve) => {
        const request = session.request({ ':method': 'POST', ':path': where, 'content-type': 'application/grpc', te: 'trailers', ...headers });
        let status;
        request.on('response', (h) => { status = h['grpc-status'] ?? status; });
        request.on('trailers', (h) => { status = h['grpc-status'] ?? status; });
        request.on('error', () => {});
        request.on('close', () => resolve(status ?? `reset ${request.rstCode}`));
        request.resume();
        request.end(body);
      });
      const prefix = (flag, length) => Buffer.from([flag, length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255]);
      for (const body of [Buffer.alloc(0), Buffer.from([0]), prefix(0, 1000), Buffer.concat([prefix(0, 1000), Buffer.alloc(10)]), prefix(0, 0xffffffff),
                          Buffer.concat([prefix(0xff, 10), Buffer.alloc(10)]), Buffer.concat([prefix(1, 10), crypto.randomBytes(10)]), crypto.randomBytes(500)]) {
        assert.ok(await Promise.race([ask(body), new Promise((resolve) => setTimeout(() => resolve('silence'), 10_000))]) !== 'silence', `${where} ${body.subarray(0, 8).toString('hex')}`);
      }
      session.destroy();
    }
    for (const member of members) {
      const at = network.member(member);
      const socket = tls.connect({ port: port(member), host: '127.0.0.1', ca: at.pem, servername: at.name, ALPNProtocols: ['h2'] });
      socket.on('error', () => {});
      socket.resume();
      await new Promise((resolve) => socket.on('secureConnect', resolve));
      socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), crypto.randomBytes(4096)]));
      await until('garbage is cut off', () => socket.destroyed || socket.readableEnded);
    }
    await works();
  });

  await t.test('random bytes for each method', async () => {
    const client = network.connect(members[0]);
    for (let i = 0; i < 200; ++i) {
      const method = ['Evaluate', 'Endorse', 'Submit', 'CommitStatus'][i % 4];
      const request = new gatewaypb.EvaluateRequest();
      if (i % 8 >= 4) {
        const inner = new peerpb.SignedProposal();
        inner.setProposalBytes(crypto.randomBytes(1 + i));
        request.setProposedTransaction(inner);
      }
      const body = i % 8 >= 4 ? Buffer.from(request.serializeBinary()) : crypto.randomBytes(1 + i * 3);
      await new Promise((resolve) => client.makeUnaryRequest(`/gateway.Gateway/${method}`, (b) => b, (b) => b, body, new grpc.Metadata(), { deadline: Date.now() + 20_000 }, (e) => {
        assert.ok(e && e.code !== grpc.status.DEADLINE_EXCEEDED, `${method} ${body.toString('hex')}: ${e}`);
        resolve();
      }));
    }
    await works();
  });

  await t.test('ten thousand streams over many connections', async () => {
    const wanted = 10_000, connections = 25;
    const clients = Array.from({ length: connections }, (_, i) => network.connect(members[0], { 'grpc.use_local_subchannel_pool': 1, 'weft.client': i }));
    const seek = await envelopeOf(user, payloadOf(user, { type: types.DELIVER_SEEK_INFO, data: seekInfo({ start: 'next', stop: '18446744073709551615' }) }));
    const streams = [];
    let refused = 0;
    for (let i = 0; i < wanted; ++i) {
      const stream = deliver(clients[i % connections], 'whole');
      stream.call.on('status', (s) => { refused += s.code === grpc.status.RESOURCE_EXHAUSTED ? 1 : 0; });
      stream.write(seek);
      streams.push(stream);
      if (i % 500 === 499) await new Promise((resolve) => setImmediate(resolve));
    }
    await until('those beyond the limit are refused', () => refused >= wanted - 1000 - 100, 120);
    await works();
    assert.ok(memory() < atFirst.memory + 600 * MiB, `${memory() / MiB} MiB`);
    for (const s of streams) s.cancel();
    for (const c of clients) c.close();
    await until('the places are free again', async () => {
      const probe = deliver(network.connect(members[0]), 'whole').write(await envelopeOf(user, payloadOf(user, { type: types.DELIVER_SEEK_INFO, data: seekInfo({ start: 0, stop: 0 }) })));
      const first = await probe.next();
      probe.cancel();
      return first !== undefined;
    });
    await works();
  });

  await t.test('readers that do not read', async () => {
    const big = 'x'.repeat(MiB);
    const commits = [];
    for (let i = 0; i < 20; ++i) commits.push(await (await kv.submitAsync('put', { arguments: [unique('big'), big] })).getStatus());
    const first = Number(commits[0].blockNumber), before = memory(), streams = [];
    for (let i = 0; i < 40; ++i) {
      const stream = deliver(network.connect(members[i % 2], { 'grpc.use_local_subchannel_pool': 1 }), 'whole');
      stream.call.pause();
      stream.write(await envelopeOf(user, payloadOf(user, { type: types.DELIVER_SEEK_INFO, data: seekInfo({ start: first, stop: '18446744073709551615' }) })));
      streams.push(stream);
    }
    await works();
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const more = (memory() - before) / MiB;
    console.log(`# 40 clients that do not read cost ${more.toFixed(0)} MiB`);
    assert.ok(more < 300, `${more} MiB`);  // 20 MiB for each would be 800
    streams[0].call.resume();
    for (let number = first; number < first + 20; ++number) assert.equal((await streams[0].next()).getBlock().getHeader().getNumber(), number);
    for (const s of streams) s.cancel();
    await works();
  });

  await t.test('one proposal again and again', async () => {
    const proposal = kv.newProposal('put', { arguments: [unique('replay'), 'x'] });
    const endorsed = await Promise.all(Array.from({ length: 200 }, () => proposal.endorse()));
    const statuses = await Promise.all(endorsed.slice(0, 20).map(async (tx) => (await (await tx.submit()).getStatus()).code));
    assert.ok(statuses.every((code) => code === 0), `${statuses}`);  // every copy is told of the one that counts
    const again = await failure(proposal.endorse());
    assert.match(again.details[0].message, /^duplicate transaction found/);
    const evaluated = await failure(proposal.evaluate());
    assert.match(evaluated.message, /duplicate transaction found/);
    await works();
  });

  await t.test('calls that are given up', async () => {
    const client = network.connect(members[0]);
    const waiting = kv.newProposal('put', { arguments: [unique('never'), 'x'] });
    const transaction = await waiting.endorse();  // never submitted: its status is waited for in vain
    const { msp } = require('@hyperledger/fabric-protos');
    const id = new msp.SerializedIdentity();
    id.setMspid(user.identity.mspId);
    id.setIdBytes(user.identity.credentials);
    const request = new gatewaypb.CommitStatusRequest();
    request.setChannelId('mychannel');
    request.setTransactionId(transaction.getTransactionId());
    request.setIdentity(id.serializeBinary());
    const signed = new gatewaypb.SignedCommitStatusRequest();
    signed.setRequest(request.serializeBinary());
    signed.setSignature(await user.signer(crypto.createHash('sha256').update(signed.getRequest_asU8()).digest()));
    const body = Buffer.from(signed.serializeBinary());
    const give = (method, content, after) => new Promise((resolve) => {
      const call = client.makeUnaryRequest(method, (b) => b, (b) => b, content, new grpc.Metadata(), {}, () => resolve());
      setTimeout(() => call.cancel(), after);
    });
    for (let round = 0; round < 12; ++round) await Promise.all(Array.from({ length: 500 }, () => give('/gateway.Gateway/CommitStatus', body, 100)));
    await Promise.all(Array.from({ length: 50 }, works));
    const endorse = new gatewaypb.EndorseRequest();
    endorse.setProposedTransaction(gatewaypb.ProposedTransaction.deserializeBinary(kv.newProposal('put', { arguments: [unique('cancelled'), 'x'] }).getBytes()).getProposal());
    await Promise.all(Array.from({ length: 500 }, (_, i) => give('/gateway.Gateway/Endorse', Buffer.from(endorse.serializeBinary()), i % 20)));
    await works();
  });

  await t.test('the same process, and what it took is given back', async () => {
    await works();
    assert.ok(fs.existsSync(`/proc/${pid}`));
    await until('descriptors are given back', () => descriptors() <= atFirst.descriptors + 100);
    console.log(`# memory ${(atFirst.memory / MiB).toFixed(0)} MiB at first, ${(memory() / MiB).toFixed(0)} MiB at the end`);
    assert.ok(memory() < atFirst.memory + 600 * MiB);
  });
};
