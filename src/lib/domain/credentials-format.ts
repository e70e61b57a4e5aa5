/**
 * The creds file that every NATS client and tool reads: a JWT and a seed between banner lines. The END lines have six
 * dashes, one more than the BEGIN lines.
 */

export interface CredentialsText {
  readonly jwt: string
  readonly seed: string
}

export function formatCredentials({jwt, seed}: CredentialsText): string {
  return `-----BEGIN NATS USER JWT-----
${jwt}
------END NATS USER JWT------

************************* IMPORTANT *************************
NKEY Seed printed below can be used to sign and prove identity.
NKEYs are sensitive and should be treated as secrets.

-----BEGIN USER NKEY SEED-----
${seed}
------END USER NKEY SEED------

*************************************************************
`
}

/**
 * The two parts of a creds file, whoever wrote it (nsc, the nats CLI, a heredoc with indented or CRLF lines): as
 * tolerant of dashes and white space as the NATS clients. A part that is missing is empty.
 */
export function parseCredentials(text: string): CredentialsText {
  return {jwt: sectionOf(text, 'NATS USER JWT'), seed: sectionOf(text, 'USER NKEY SEED')}
}

function sectionOf(text: string, label: string): string {
  const lines = text.split('\n').map((line) => line.trim())
  const begin = lines.findIndex((line) => new RegExp(`^-{3,}\\s*BEGIN ${label}\\s*-{3,}$`).test(line))
  const end = lines.findIndex((line) => new RegExp(`^-{3,}\\s*END ${label}\\s*-{3,}$`).test(line))
  return begin < 0 || end < begin ? '' : lines.slice(begin + 1, end).join('')
}
