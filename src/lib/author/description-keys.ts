import * as z from 'zod'
import {descriptionSchema} from './description-schema.ts'

/** The keys that may stand at a path of a description, for "did you mean". */
export function knownKeys(path: readonly PropertyKey[], document: unknown): readonly string[] {
  let schema: z.core.$ZodType = descriptionSchema
  let value = document
  for (const key of path) {
    const within = objectOf(schema, value)
    schema = typeof key === 'number' ? elementOf(schema) : (within?.shape[String(key)] ?? within ?? schema)
    value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
  }
  return Object.keys(objectOf(schema, value)?.shape ?? {})
}

function objectOf(schema: z.core.$ZodType, value: unknown): z.ZodObject | undefined {
  if (schema instanceof z.ZodOptional) return objectOf(schema.unwrap(), value)
  if (schema instanceof z.ZodObject) return schema
  if (!(schema instanceof z.ZodUnion)) return undefined
  const objects = schema.options.flatMap((option) => objectOf(option, value) ?? [])
  return objects.find(({shape: {mode}}) => mode instanceof z.ZodLiteral && mode.value === modeOf(value)) ?? objects[0]
}

function elementOf(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional) return elementOf(schema.unwrap())
  if (schema instanceof z.ZodUnion) {
    const list = schema.options.find((each) => each instanceof z.ZodArray)
    return list ? elementOf(list) : schema
  }
  return schema instanceof z.ZodArray ? schema.element : schema
}

function modeOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, 'mode') : undefined
}
