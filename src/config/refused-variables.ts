// Variables that would loosen the checking of certificates, which is never loosened: each is refused by its name, not passed over.
import { yesNo } from './parse-option.ts';
import type { Complaint } from './rules.ts';

/** Takes the environment; returns a complaint for each variable in it that asks for what is not done here. */
export function refusedVariables(environment: Readonly<Record<string, string | undefined>>): Complaint[] {
  const complaints: Complaint[] = [];
  const refuse = (source: string, mend: string): void => {
    complaints.push({ option: null, source, says: 'certificates of providers are always checked', mend });
  };
  const ownAuthority = "unset it; a company's own authority goes into a PEM file named by SSL_CERT_FILE";
  // LiteLLM's: yes, no, or the path of a file of authorities.
  const verify = environment['SSL_VERIFY'];
  if (verify && yesNo(verify) !== true)
    refuse('SSL_VERIFY', yesNo(verify) === false ? ownAuthority : 'name that file by SSL_CERT_FILE and unset it');
  if (environment['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') refuse('NODE_TLS_REJECT_UNAUTHORIZED', ownAuthority);
  return complaints;
}
