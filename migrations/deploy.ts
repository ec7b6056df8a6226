// `anchor migrate` runs this after `anchor deploy`. The deployment is made by `settler init`, with or without Anchor;
// this only passes on where and by whom.
import { execFileSync } from "node:child_process";

module.exports = async (provider: { connection: { rpcEndpoint: string } }): Promise<void> => {
  const keypair = process.env.ANCHOR_WALLET;
  if (keypair === undefined) {
    throw new Error("ANCHOR_WALLET is not set: it names the program's upgrade authority, which signs `initialize`");
  }
  const settler = ["run", "--release", "--package", "radio-payouts-settler", "--bin", "settler", "--"];
  const init = ["init", "--url", provider.connection.rpcEndpoint, "--keypair", keypair];
  execFileSync("cargo", [...settler, ...init], { stdio: "inherit" });
};
