/** All that reports need to read an answer, in one import. */
export * from './detail-wire.ts'
export {raftNodes} from './mapping.ts'
export * from './report-mapping.ts'
export * from './report-schemas.ts'
export {check, raftz} from './schemas.ts'
