/** What an API key may be allowed. */
export const SCOPES = ['read', 'sign', 'accounts#export', 'policies#manage'] as const;
