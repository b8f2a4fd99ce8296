#!/usr/bin/env node
'use strict';
// A contract on fabric-shim alone, with Init and Invoke of its own: what a program has to do that is no folder with contract classes. Given to `deploy` as an executable.
const shim = require('fabric-shim');

class Plain {
  async Init(stub) {
    const { fcn, params } = stub.getFunctionAndParameters();
    if (fcn === 'refuse') return shim.error('Init refuses');
    await stub.putState('initialized', Buffer.from([fcn, ...params].join()));
    return shim.success(Buffer.from(`Init with ${params.length}`));
  }
  async Invoke(stub) {
    const { fcn, params } = stub.getFunctionAndParameters();
    switch (fcn) {
      case 'put':
        await stub.putState(params[0], Buffer.from(params[1]));
        return shim.success();
      case 'get':
        return shim.success(Buffer.from(await stub.getState(params[0])));
      case 'arguments':  // bytes, as they came
        return shim.success(Buffer.from(JSON.stringify(stub.getBufferArgs().map((one) => one.toString('hex')))));
      case 'respond':  // any status, message and payload that there may be
        return { status: Number(params[0]), message: params[1], payload: Buffer.from(params[2]) };
      case 'large':
        return shim.success(Buffer.alloc(Number(params[0]), 'weft'));
      case 'nonsense':
        return 'no response at all';
      default:
        return shim.error(`no function ${fcn}`);
    }
  }
}

shim.server(new Plain(), { ccid: process.env.CHAINCODE_ID, address: process.env.CHAINCODE_SERVER_ADDRESS }).start();
