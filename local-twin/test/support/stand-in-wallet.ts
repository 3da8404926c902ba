import type { Hex } from 'viem';

/**
 * A wallet with the interface of Coinbase Smart Wallet and one owner, whose address stands in slot 0: it verifies what `validateUserOp` is given
 * by ecrecover, pays the EntryPoint, and makes the calls of `execute` and `executeBatch`. No package carries the original's code.
 */
const SOURCE = `
  0x00 CALLDATALOAD 0xe0 SHR
  DUP1 0x3a871cdd EQ @validate JUMPI
  DUP1 0xb61d27f6 EQ @execute JUMPI
  DUP1 0x34fcd5be EQ @batch JUMPI
  STOP

  validate:
    0x24 CALLDATALOAD 0x00 MSTORE
    0x04 CALLDATALOAD 0x04 ADD
    DUP1 0x0140 ADD CALLDATALOAD ADD 0x20 ADD
    DUP1 0xc0 ADD CALLDATALOAD 0xf8 SHR 0x20 MSTORE
    DUP1 0x80 ADD CALLDATALOAD 0x40 MSTORE
    0xa0 ADD CALLDATALOAD 0x60 MSTORE
    0x20 0x00 0x80 0x00 0x01 GAS STATICCALL POP
    0x00 MLOAD 0x00 SLOAD EQ ISZERO
    0x00 0x00 0x00 0x00 0x44 CALLDATALOAD CALLER GAS CALL POP
    0x00 MSTORE 0x20 0x00 RETURN

  execute:
    0x44 CALLDATALOAD 0x04 ADD
    DUP1 CALLDATALOAD
    DUP1 DUP3 0x20 ADD 0x00 CALLDATACOPY
    0x00 0x00 DUP3 0x00 0x24 CALLDATALOAD 0x04 CALLDATALOAD GAS CALL
    ISZERO @fail JUMPI
    STOP

  batch:
    0x04 CALLDATALOAD 0x04 ADD
    DUP1 CALLDATALOAD
    0x00
  loop:
    DUP2 DUP2 LT ISZERO @done JUMPI
    DUP1 0x20 MUL DUP4 ADD 0x20 ADD CALLDATALOAD DUP4 ADD 0x20 ADD
    DUP1 0x40 ADD CALLDATALOAD DUP2 ADD
    DUP1 CALLDATALOAD
    DUP1 DUP3 0x20 ADD 0x00 CALLDATACOPY
    0x00 0x00 DUP3 0x00
    DUP7 0x20 ADD CALLDATALOAD
    DUP8 CALLDATALOAD
    GAS CALL ISZERO @fail JUMPI
    POP POP POP
    0x01 ADD @loop JUMP
  done:
    STOP

  fail:
    0x00 0x00 REVERT
`;

const OPCODES: Readonly<Record<string, number>> = {
  STOP: 0x00,
  ADD: 0x01,
  MUL: 0x02,
  LT: 0x10,
  EQ: 0x14,
  ISZERO: 0x15,
  SHR: 0x1c,
  CALLER: 0x33,
  CALLDATALOAD: 0x35,
  CALLDATACOPY: 0x37,
  POP: 0x50,
  MLOAD: 0x51,
  MSTORE: 0x52,
  SLOAD: 0x54,
  JUMP: 0x56,
  JUMPI: 0x57,
  GAS: 0x5a,
  DUP1: 0x80,
  DUP2: 0x81,
  DUP3: 0x82,
  DUP4: 0x83,
  DUP7: 0x86,
  DUP8: 0x87,
  CALL: 0xf1,
  RETURN: 0xf3,
  STATICCALL: 0xfa,
  REVERT: 0xfd,
};
const PUSH1 = 0x60;
const PUSH2 = 0x61;
const JUMPDEST = 0x5b;

/** Runtime code: words are opcodes, hex bytes to push, `label:` and `@label`. */
function assemble(source: string): Hex {
  const code: number[] = [];
  const labels = new Map<string, number>();
  const references: (readonly [number, string])[] = [];
  for (const word of source.trim().split(/\s+/)) {
    if (word.endsWith(':')) {
      labels.set(word.slice(0, -1), code.length);
      code.push(JUMPDEST);
    } else if (word.startsWith('@')) {
      references.push([code.length + 1, word.slice(1)]);
      code.push(PUSH2, 0, 0);
    } else if (word.startsWith('0x')) {
      const bytes = Buffer.from(word.slice(2), 'hex');
      code.push(PUSH1 + bytes.length - 1, ...bytes);
    } else {
      const opcode = OPCODES[word];
      if (opcode === undefined) throw new Error(`no opcode ${word}`);
      code.push(opcode);
    }
  }
  for (const [position, label] of references) {
    const target = labels.get(label);
    if (target === undefined) throw new Error(`no label ${label}`);
    code[position] = target >> 8;
    code[position + 1] = target & 0xff;
  }
  return `0x${Buffer.from(code).toString('hex')}`;
}

export const STAND_IN_WALLET = assemble(SOURCE);
