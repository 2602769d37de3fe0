/*
 * A certificate and its key, looked at before anybody connects.
 *
 * OpenSSL keeps a key of another kind than the certificate's (RSA, EC) beside it without a word; every handshake fails then.
 * Limit: whether the chain is whole and the certificate of today is for clients to say.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { TlsKeys } from "./serverOptions.ts";

/**
 * @throws Error OpenSSL's, for what is no PEM or has another passphrase
 * @throws TypeError when the key is that of another certificate
 * @internal
 */
export function checkTlsKeys(keys: TlsKeys): void {
  createSecureContext(keys);
  const { cert, key, passphrase } = keys;
  const privateKey = createPrivateKey({
    key,
    ...(passphrase === undefined ? {} : { passphrase }),
  });
  if (!new X509Certificate(cert).checkPrivateKey(privateKey))
    throw new TypeError("Expected `options.tls.key` to be the key of `options.tls.cert`");
}
