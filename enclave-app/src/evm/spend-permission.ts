// Coinbase's SpendPermissionManager (github.com/coinbase/spend-permissions), at one address on every chain.
import { parseHex } from './hex.ts';

export const SPEND_PERMISSION_MANAGER = parseHex('0xf85210B21cC50302F477BA56686d2019dC9b67Ad');
