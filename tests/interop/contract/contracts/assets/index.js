'use strict';
// An everyday contract, and the ways in which one goes wrong.
const { Contract } = require('fabric-contract-api');

class Assets extends Contract {
  async put(ctx, key, value) {
    await ctx.stub.putState(key, Buffer.from(value));
    return `put ${key}`;
  }
  async get(ctx, key) {
    const value = await ctx.stub.getState(key);
    return value.toString();
  }
  async version() {
    return 'one';
  }
  /** A number, an object and nothing as results, which contract-api turns into text. */
  async results(ctx, kind) {
    return { number: 7, object: { b: [1, 'zwölf'], a: null }, nothing: undefined, bytes: Buffer.from('bytes') }[kind];
  }

  async fail(ctx, message) {
    throw new Error(message);
  }
  async failAfterWriting(ctx, key) {
    await ctx.stub.putState(key, Buffer.from('never'));
    throw new Error('written, and regretted');
  }
  async exit(ctx, code) {
    console.error('the last thing but one');
    console.error('my last words');
    process.exit(Number(code));
  }
  async hang() {
    await new Promise(() => {});
  }
  async pid() {
    return String(process.pid);
  }
  /** Standard output belongs to the contract. */
  async shout() {
    process.stdout.write(Buffer.from([0, 0xff, 0xfe, 10, 0x1b, 0x5b, 0x32, 0x4a]));
    process.stdout.write('x'.repeat(300_000));
    process.stderr.write(Buffer.from([0xc3, 0x28, 10]));
    console.log('\n{"not":"json"');
    return 'shouted';
  }
  async call(ctx, ...given) {  // contract-api counts arguments unless the first is a rest parameter
    const [contract, channel, ...args] = given;
    const answer = await ctx.stub.invokeChaincode(contract, args, channel);
    return JSON.stringify({ status: answer.status, message: answer.message, payload: Buffer.from(answer.payload).toString() });
  }
}

module.exports.contracts = [Assets];
