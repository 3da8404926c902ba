// The same key in the enclave and in viem, ethers, kit and noble: the same bytes.
import { describeDifferentialSigning } from '../support/describe-differential-signing.ts';

describeDifferentialSigning(10_000);
