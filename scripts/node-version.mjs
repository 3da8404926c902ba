// npm scripts run with the Node 24 that `npm ci` installed; a checkout without it would silently run the machine's own.
const major = Number(process.versions.node.split('.')[0]);
if (major !== 24) {
  console.error(
    `Strongroom needs Node 24 and this is ${process.versions.node}. Run "npm ci" and use make or npm run.`,
  );
  process.exit(1);
}
