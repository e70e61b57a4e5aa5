import {readFile} from 'node:fs/promises'
import type {UserCredentials} from '../clients/ports.ts'
import type {LabFiles, LabPlan} from './plan.ts'

/** What the supervisor serves, and the keys to it. In a file of mode 0600; never printed but by `lab env`. */
export interface LabRecord {
  /** URL of the AWS endpoint. */
  readonly endpoint: string
  readonly control: ControlAccess
  readonly aws: AwsAccess
  readonly admin: UserCredentials
  /** Where the instances' logs go; absent in the record of an older natsops. */
  readonly axiom?: AxiomAccess
}

/** The supervisor's own small API. */
export interface ControlAccess {
  readonly url: string
  readonly key: string
}

export interface AxiomAccess {
  readonly url: string
  readonly token: string
}

export interface AwsAccess {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** The plan as `lab up` wrote it; undefined where there is none, or none that can be read: a crash left it so. */
export function readPlan(files: LabFiles): Promise<LabPlan | undefined> {
  return readJson<LabPlan>(files.plan)
}

export function readRecord(files: LabFiles): Promise<LabRecord | undefined> {
  return readJson<LabRecord>(files.record)
}

/** Our own files, written atomically: whole or not there. */
async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException
    if (error instanceof SyntaxError || code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}
