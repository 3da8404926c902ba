/** The command was called wrongly: exit code 2, and the help of the command is what mends it. */
export class UsageError extends Error {}
