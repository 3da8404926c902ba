#!/usr/bin/env node
import { printable } from './report.ts';
import { runCommand } from './run-command.ts';

const { exitCode, isJson, json, text } = await runCommand(process.argv.slice(2));
// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', () => process.exit(exitCode));
const output = isJson ? JSON.stringify(json) : printable(text);
(exitCode === 0 || isJson ? process.stdout : process.stderr).write(`${output}\n`);
process.exitCode = exitCode;
