/** The command was called wrongly: exit code 2, and the help of the command is what mends it. The message never holds a secret. */
export class UsageError extends Error {}
