// Unmodified tronweb drives the TRON simulator: build, sign, broadcast, receipts, resources, multi-sign.
//
//   node drive.mjs http://127.0.0.1:8090
//
// The simulator makes blocks on demand, final two later. Each promise prints a line; the first that is broken ends it with exit code 1.

import assert from "node:assert/strict";
import { TronWeb } from "tronweb";

const url = process.argv[2];
const sim = async (order, body = {}) => {
  const response = await fetch(`${url}/sim/${order}`, { method: "POST", body: JSON.stringify(body) });
  const said = await response.json();
  assert.ok(!said.Error, `${order}: ${said.Error}`);
  return said;
};
const mine = (blocks = 1) => sim("mine", { blocks });
const { accounts } = await sim("accounts");
const { usdt } = await sim("status");
const [alice, bob, carol, dave, pool] = accounts;
const web = (account) => new TronWeb({ fullHost: url, privateKey: account.private_key });
const tw = web(alice);
const T = 1_000_000;
const words = (hex) => Buffer.from(hex ?? "", "hex").toString();
const infoOf = async (id) => {
  await mine();
  const info = await tw.trx.getUnconfirmedTransactionInfo(id);
  assert.equal(info.id, id, "the transaction is in the block");
  return info;
};
const send = async (by, tx) => {
  const said = await by.trx.sendRawTransaction(await by.trx.sign(tx));
  assert.equal(said.result, true, JSON.stringify(said));
  return infoOf(said.txid);
};

const promises = {
  async "tells where the chain is"() {
    const { fullNode, solidityNode } = await tw.isConnected();
    assert.deepEqual([fullNode, solidityNode], [true, true]);
    const now = await tw.trx.getCurrentBlock();
    const same = await tw.trx.getBlockByNumber(now.block_header.raw_data.number);
    assert.equal(same.blockID, now.blockID);
    assert.equal((await tw.trx.getBlock(now.blockID)).blockID, now.blockID);
    const solid = await tw.trx.getConfirmedCurrentBlock();
    assert.equal(solid.block_header.raw_data.number, now.block_header.raw_data.number - 2);
    const parameters = await tw.trx.getChainParameters();
    assert.equal(parameters.find(({ key }) => key === "getEnergyFee").value, 100);
    assert.match((await tw.trx.getNodeInfo()).solidityBlock, /^Num:\d+,ID:[0-9a-f]{64}$/);
    assert.equal(await tw.trx.getEnergyPrices(), "0:100");
    assert.equal(await tw.trx.getBandwidthPrices(), "0:1000");
  },

  async "sends TRX and activates an account"() {
    const fresh = await tw.createAccount();
    const to = fresh.address.base58;
    const tx = await tw.transactionBuilder.sendTrx(to, 5 * T, alice.address);
    const info = await send(tw, tx);
    assert.equal(info.fee, 1_100_000);
    assert.deepEqual(info.receipt, { net_fee: 100_000 });
    assert.deepEqual(info.contractResult, [""]);
    const account = await tw.trx.getUnconfirmedAccount(to);
    assert.equal(account.balance, 5 * T);
    assert.deepEqual(await tw.trx.getAccount(to), {}, "not final yet");
    await mine(2);
    assert.equal((await tw.trx.getAccount(to)).balance, 5 * T);
  },

  async "asks the token and pays with it"() {
    const contract = await tw.contract().at(usdt);
    assert.equal(await contract.symbol().call(), "USDT");
    assert.equal(Number(await contract.decimals().call()), 6);
    const before = BigInt(await contract.balanceOf(bob.address).call());
    const id = await contract.transfer(bob.address, 2_500_000).send({ feeLimit: 100 * T });
    const info = await infoOf(id);
    assert.equal(info.receipt.result, "SUCCESS");
    assert.equal(info.receipt.energy_usage_total, 64_285);
    assert.equal(info.receipt.energy_fee, 6_428_500);
    assert.equal(info.log[0].address, "a614f803b6fd780986a42c78ec9c7f77e6ded13c");
    assert.equal(BigInt(await contract.balanceOf(bob.address).call()), before + 2_500_000n);
  },

  async "estimates, builds, signs and broadcasts a call in three ways"() {
    const call = [usdt, "transfer(address,uint256)"];
    const parameters = [{ type: "address", value: carol.address }, { type: "uint256", value: 7 }];
    const asked = await tw.transactionBuilder.triggerConstantContract(...call, {}, parameters, bob.address);
    assert.equal(asked.energy_used, 64_285);
    assert.equal(asked.constant_result[0], "0".repeat(64), "false, and it pays");
    const estimate = await tw.transactionBuilder.estimateEnergy(...call, {}, parameters, bob.address);
    assert.ok(estimate.energy_required >= 64_285 && estimate.energy_required < 74_286);
    const as = web(bob);
    const build = async () => (await as.transactionBuilder.triggerSmartContract(...call, { feeLimit: 50 * T }, parameters, bob.address)).transaction;
    const info = await send(as, await build());
    assert.equal(info.receipt.net_usage, 345);
    const signed = await as.trx.sign(await build());
    const hex = as.utils.transaction.txJsonToPb(signed);
    hex.addSignature(Uint8Array.from(Buffer.from(signed.signature[0], "hex")));
    const said = await as.trx.sendHexTransaction(Buffer.from(hex.serializeBinary()).toString("hex"));
    assert.equal(said.result, true, JSON.stringify(said));
    assert.equal(said.txid, signed.txID);
    assert.equal((await infoOf(said.txid)).receipt.net_fee, 345_000, "the free bytes of the day are used up");
  },

  async "says what is wrong in the node's words"() {
    const tx = await tw.transactionBuilder.sendTrx(bob.address, 1, alice.address);
    const signed = await tw.trx.sign(tx);
    const stranger = await web(bob).trx.sign(structuredClone(tx)).catch((error) => String(error));
    assert.match(stranger, /Private key does not match address/);
    assert.equal((await tw.trx.sendRawTransaction(signed)).result, true);
    const twice = await tw.trx.sendRawTransaction(signed);
    assert.deepEqual([twice.code, words(twice.message)], ["DUP_TRANSACTION_ERROR", "Dup transaction."]);
    const forged = { ...signed, signature: ["11".repeat(64) + "1b"] };
    assert.equal((await tw.trx.sendRawTransaction(forged)).code, "SIGERROR");
    await assert.rejects(tw.transactionBuilder.delegateResource(T, bob.address, "ENERGY", alice.address)
      .then((tx) => tw.trx.sign(tx)).then((tx) => tw.trx.sendRawTransaction(tx))
      .then((said) => { throw new Error(words(said.message)); }), /available FreezeEnergyV2 balance/);
    await mine();
  },

  async "stakes, lends, takes back and withdraws"() {
    const as = web(pool);
    await send(as, await as.transactionBuilder.freezeBalanceV2(20_000 * T, "ENERGY", pool.address));
    await mine(2);
    const { max_size } = await as.trx.getCanDelegatedMaxSize(pool.address, "ENERGY");
    assert.equal(max_size, 20_000 * T);
    await send(as, await as.transactionBuilder.delegateResource(8_000 * T, dave.address, "ENERGY", pool.address));
    await send(as, await as.transactionBuilder.delegateResource(1_000 * T, dave.address, "ENERGY", pool.address, true, 100));
    await mine(2);
    const rows = (await as.trx.getDelegatedResourceV2(pool.address, dave.address)).delegatedResource;
    assert.deepEqual(rows.map((row) => row.frozen_balance_for_energy), [8_000 * T, 1_000 * T]);
    assert.ok(rows[1].expire_time_for_energy > 0 && rows[0].expire_time_for_energy === undefined);
    const index = await as.trx.getDelegatedResourceAccountIndexV2(pool.address);
    assert.equal(index.toAccounts.length, 1);
    const resources = await as.trx.getAccountResources(dave.address);
    // 9,000 of 19,000,000,000 TRX at 180,000,000,000 a day, less what the new stakes dilute.
    assert.ok(Math.abs(resources.EnergyLimit - 85_263) <= 1, String(resources.EnergyLimit));
    const paying = web(dave);
    const contract = await paying.contract().at(usdt);
    const info = await infoOf(await contract.transfer(bob.address, 1).send({ feeLimit: 100 * T }));
    assert.deepEqual([info.receipt.energy_usage, info.receipt.energy_fee, info.fee], [64_285, undefined, undefined]);
    const used = (await as.trx.getAccountResources(dave.address)).EnergyUsed;
    assert.ok(used >= 64_280 && used <= 64_285, String(used));
    await send(as, await as.transactionBuilder.undelegateResource(8_000 * T, dave.address, "ENERGY", pool.address));
    const left = await as.trx.getAccountResources(dave.address);
    assert.ok(Math.abs(left.EnergyUsed - used / 9) < 20, "an eighth more than what the locked part used");
    await send(as, await as.transactionBuilder.unfreezeBalanceV2(1_000 * T, "ENERGY", pool.address));
    await send(as, await as.transactionBuilder.unfreezeBalanceV2(500 * T, "ENERGY", pool.address));
    await sim("advance", { ms: 15 * 86_400_000 });
    await mine(3);
    const withdrawn = await send(as, await as.transactionBuilder.withdrawExpireUnfreeze(pool.address));
    assert.equal(withdrawn.withdraw_expire_amount, 1_500 * T);
    await send(as, await as.transactionBuilder.unfreezeBalanceV2(300 * T, "ENERGY", pool.address));
    const cancelled = await send(as, await as.transactionBuilder.cancelUnfreezeBalanceV2(pool.address));
    assert.ok(cancelled.cancel_unfreezeV2_amount.some(({ key, value }) => key === "ENERGY" && value === 300 * T));
  },

  async "signs with two of three keys"() {
    const as = web(carol);
    const key = (account) => ({ address: as.address.toHex(account.address), weight: 1 });
    const owner = { type: 0, permission_name: "owner", threshold: 2, keys: [carol, alice, bob].map(key) };
    const active = { type: 2, permission_name: "pays", threshold: 2, operations: "0000008000000000" + "0".repeat(48), keys: [alice, bob, dave].map(key) };
    const update = await as.transactionBuilder.updateAccountPermissions(carol.address, owner, undefined, [active]);
    assert.equal((await send(as, update)).fee, 100 * T);
    const account = await as.trx.getUnconfirmedAccount(carol.address);
    assert.equal(account.active_permission[0].permission_name, "pays");
    const parameters = [{ type: "address", value: bob.address }, { type: "uint256", value: 3 }];
    const { transaction } = await as.transactionBuilder.triggerSmartContract(usdt, "transfer(address,uint256)", { feeLimit: 50 * T, permissionId: 2 }, parameters, carol.address);
    const first = await web(alice).trx.multiSign(transaction, undefined, 2);
    const weight = await as.trx.getSignWeight(first, 2);
    assert.equal(weight.result.code, "NOT_ENOUGH_PERMISSION");
    assert.equal(weight.current_weight, 1);
    const early = await as.trx.sendRawTransaction(first);
    assert.deepEqual([early.code, words(early.message)], ["SIGERROR", "Validate signature error: sig error"]);
    const both = await web(bob).trx.multiSign(first, undefined, 2);
    assert.equal((await as.trx.getSignWeight(both, 2)).result.code, undefined, "enough, which is zero and left out");
    const approved = await as.trx.getApprovedList(both);
    assert.deepEqual(approved.approved_list.map((one) => as.address.fromHex(one)), [alice.address, bob.address]);
    const said = await as.trx.sendRawTransaction(both);
    assert.equal(said.result, true, JSON.stringify(said));
    const info = await infoOf(said.txid);
    assert.equal(info.receipt.net_fee, 414_000, "67 bytes more than with one signature and a permission");
    assert.equal(info.fee, T + 414_000 + info.receipt.energy_fee, "1 TRX for the second signature");
    const trx = await as.transactionBuilder.sendTrx(bob.address, 1, carol.address);
    await assert.rejects(web(alice).trx.multiSign(trx, undefined, 2), /Permission denied!/);
  },

  async "takes a memo for 1 TRX"() {
    const tx = await tw.transactionBuilder.sendTrx(bob.address, 1, alice.address);
    const noted = await tw.transactionBuilder.addUpdateData(tx, "order 17", "utf8");
    const info = await send(tw, noted);
    assert.equal(info.fee - (info.receipt.net_fee ?? 0), T);
    const stored = await tw.trx.getTransaction(info.id).catch(() => tw.trx.getUnconfirmedTransaction?.(info.id));
    if (stored) assert.equal(words(stored.raw_data.data), "order 17");
  },
};

let failed = 0;
for (const [promise, keep] of Object.entries(promises)) {
  try {
    await keep();
    console.log(`kept: ${promise}`);
  } catch (error) {
    failed += 1;
    console.log(`broken: ${promise}: ${error?.stack ?? JSON.stringify(error)}`);
  }
}
process.exitCode = failed === 0 ? 0 : 1;
