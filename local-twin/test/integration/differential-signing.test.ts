// Some hundreds of what differential-signing.long.ts does ten thousand of.
import { describeDifferentialSigning } from '../support/describe-differential-signing.ts';

describeDifferentialSigning(400);
