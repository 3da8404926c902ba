import type { PolicyAction } from '@strongroom/shared/api/policy';
import type { SolDataCriterion } from '@strongroom/shared/api/policy-solana';
import {
  decodeArguments,
  type InstructionLayout,
  recogniseInstruction,
  snakeCase,
} from '../../solana/instruction-layout.ts';
import { COMPUTE_BUDGET_PROGRAM_ADDRESS } from '../../solana/known-programs.ts';
import type { SolanaInstruction, SolanaMessage } from '../../solana/message.ts';
import { SolanaError } from '../../solana/solana-error.ts';
import { programKey } from '../../solana/transfers.ts';
import type { CompiledCriterion } from '../criterion.ts';
import { bytesKey } from '../operators.ts';
import { compileParameterTest, type ParameterTest } from '../parameter-test.ts';
import { PolicyError } from '../policy-error.ts';
import { everyOrAny } from './every-or-any.ts';
import { compileIdls, type ProgramLayouts } from './idl.ts';

type Condition = SolDataCriterion['conditions'][number];
interface ArgumentTest {
  readonly name: string;
  readonly test: ParameterTest;
}
/** For each layout that conditions name: one list of tests per condition, of which one must hold. */
type Alternatives = ReadonlyMap<InstructionLayout, readonly (readonly ArgumentTest[])[]>;

const computeBudget = bytesKey(COMPUTE_BUDGET_PROGRAM_ADDRESS);

/**
 * Instructions under IDLs. An instruction satisfies the criterion when one condition names it and holds. To accept, every
 * instruction must, whatever its program; only those of the compute budget program are passed over.
 * @throws INVALID_POLICY when an IDL is not well formed, or a condition names what no IDL has
 */
export function compileSolData(
  { idls, conditions }: SolDataCriterion,
  action: PolicyAction,
): CompiledCriterion {
  const programs = compileIdls(idls);
  const alternatives = compileConditions(programs, conditions);
  return {
    subject: 'transaction',
    test: (message) => {
      const results = message.instructions
        .filter((instruction) => bytesKey(programKey(message, instruction)) !== computeBudget)
        .map((instruction) => testInstruction(message, instruction, programs, alternatives));
      return everyOrAny(action, results, false);
    },
  };
}

function compileConditions(
  programs: ReadonlyMap<string, ProgramLayouts>,
  conditions: readonly Condition[],
): Alternatives {
  const alternatives = new Map<InstructionLayout, (readonly ArgumentTest[])[]>();
  const allLayouts = [...programs.values()].flatMap(({ layouts }) => layouts);
  for (const condition of conditions) {
    const name = snakeCase(condition.instruction);
    let isApplicable = false;
    for (const layout of allLayouts.filter((candidate) => candidate.name === name)) {
      const tests = compileParams(layout, condition);
      if (tests === null) continue;
      isApplicable = true;
      alternatives.set(layout, [...(alternatives.get(layout) ?? []), tests]);
    }
    if (!isApplicable) {
      throw new PolicyError(
        'A condition names an instruction or argument that no IDL has in a primitive type.',
      );
    }
  }
  return alternatives;
}

/** Returns null when the instruction, perhaps another program's, lacks one of the arguments. */
function compileParams(layout: InstructionLayout, { params = [] }: Condition): ArgumentTest[] | null {
  const tests: ArgumentTest[] = [];
  for (const condition of params) {
    const name = snakeCase(condition.name);
    const kind = layout.arguments.find((argument) => argument.name === name)?.type.kind;
    if (kind === undefined) return null;
    const valueKind = kind === 'bincode-string' ? 'string' : kind;
    tests.push({ name, test: compileParameterTest(condition, valueKind) });
  }
  return tests;
}

function testInstruction(
  message: SolanaMessage,
  instruction: SolanaInstruction,
  programs: ReadonlyMap<string, ProgramLayouts>,
  alternatives: Alternatives,
): boolean | null {
  const program = programs.get(bytesKey(programKey(message, instruction)));
  if (program === undefined) return false;
  const recognised = recogniseInstruction(program.layouts, instruction.data);
  // A whole program's unknown instruction may be a new spelling of a known one; a part of an IDL says nothing about the rest.
  if (recognised === null) return program.isComplete ? null : false;
  const conditions = alternatives.get(recognised.layout);
  if (conditions === undefined) return false;
  try {
    const values = decodeArguments(recognised);
    return conditions.some((tests) =>
      tests.every(({ name, test }) => {
        const value = values.get(name);
        return value !== undefined && test(value);
      }),
    );
  } catch (error) {
    if (error instanceof SolanaError) return null;
    throw error;
  }
}
