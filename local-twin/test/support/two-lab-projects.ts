import {
  createLabAccount,
  createLabProject,
  type LabAccount,
  type LabProject,
} from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { createLabSigning, type LabSigning } from './lab-signing.ts';

/** A ready enclave that holds an account of one project, and a project of somebody else's. */
export interface TwoLabProjects {
  readonly lab: Laboratory;
  readonly enclave: LabEnclave;
  readonly mine: LabProject;
  readonly theirs: LabProject;
  /** Mine, and how its owner has a hash signed. */
  readonly account: LabAccount;
  readonly signing: LabSigning;
}

export async function openTwoLabProjects(): Promise<TwoLabProjects> {
  const lab = await openLaboratory();
  const enclave = await lab.bootReady();
  const mine = await createLabProject(enclave);
  const theirs = await createLabProject(enclave);
  const account = await createLabAccount(enclave, mine, { name: 'mine' });
  return {
    lab,
    enclave,
    mine,
    theirs,
    account,
    signing: createLabSigning(enclave, { project: mine, account }),
  };
}
