// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are Terraform's
/** A services.tf as the runbook's clusters have it, with what a real one has around the lines that count. */

export const ARN = 'arn:aws:ssm:${var.region}:${data.aws_caller_identity.current.account_id}:parameter'
export const CLOUD = 'module.nats.ssm_prefix'

export function hosted(service: string, module = 'nats_cluster'): string {
  return `module.${module}.service_ssm_prefixes["${service}"]`
}

export interface ModuleOptions {
  readonly reference?: string
  /** In place of the whole value. */
  readonly value?: string
  /** More lines of the block, after the attribute. */
  readonly lines?: readonly string[]
}

/** Four lines; the attribute is in the third one. */
export function serviceModule(label: string, {reference = CLOUD, value, lines = []}: ModuleOptions = {}): string {
  const base = value ?? `"${ARN}\${${reference}}"`
  return `module "${label}" {\n  source = "../modules/service"\n  ${[`nats_ssm_parameter_arn_base = ${base}`, ...lines].join('\n')}\n}\n`
}

export function servicesFile(): string {
  return `# Services of the backend. Do not edit: "module \\"facebox\\" {" {{{

variable "region" {
  type    = string
  default = "us-east-2" // where everything is
}

module "facebox" {
  source = "../modules/service"
  name   = "facebox"	/* a tab before this */

  environment = {
    OWNER  = "team-\${lower(var.owner)}"
    "a.b"  = jsonencode({braces = "}{", list = [1, 2, 3]})
  }
  nats_ssm_parameter_arn_base = "${ARN}\${${CLOUD}}" # which NATS
  user_data = <<-EOT
    #!/bin/bash
    echo "\${var.region} $\${HOME}" # module "x" {
    EOT
  owner = "x"
}

module "messenger" {
  source                      = "../modules/service"
  nats_ssm_parameter_arn_base = "${ARN}\${${hosted('messenger')}}"
  count                       = var.enabled ? 1 : 0
}
`
}
