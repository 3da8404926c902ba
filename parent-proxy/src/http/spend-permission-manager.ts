/** Coinbase's SpendPermissionManager, an owner of accounts that may grant spend permissions; the enclave has its own copy. */
export const SPEND_PERMISSION_MANAGER = '0xf85210B21cC50302F477BA56686d2019dC9b67Ad';
