{{/* The name of every object. A CronJob's name has 52 characters at most, with `-reload` behind this one. */}}
{{- define "scangate.name" -}}
{{- $name := .Release.Name -}}
{{- if not (contains .Chart.Name $name) }}{{ $name = printf "%s-%s" $name .Chart.Name }}{{ end -}}
{{- $name | trunc 45 | trimSuffix "-" -}}
{{- end }}

{{/* The headless service, which names each gateway. */}}
{{- define "scangate.headless" -}}
{{ include "scangate.name" . }}-gateways
{{- end }}

{{/* The labels that select the gateways' pods. A StatefulSet cannot change them. */}}
{{- define "scangate.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: gateway
{{- end }}

{{/* The labels that select the pods of the reload. */}}
{{- define "scangate.reloadSelector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: reload
{{- end }}

{{/* The labels of every object. */}}
{{- define "scangate.labels" -}}
{{ include "scangate.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | quote }}
{{- end }}
