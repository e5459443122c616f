{{/* The ports of the CQL nodes as a JSON list, each once: 9042 where a host names none. */}}
{{- define "scangate.storePorts" -}}
{{- $ports := list -}}
{{- range .Values.store.hosts -}}
{{- $ports = append $ports (regexFind ":[0-9]+$" . | trimPrefix ":" | default "9042" | int) -}}
{{- end -}}
{{- $ports | uniq | toJson -}}
{{- end }}

{{/* The ports of the webhooks as a JSON list, each once: 443 where an address names none. */}}
{{- define "scangate.webhookPorts" -}}
{{- $ports := list -}}
{{- $registration := default dict .Values.config.registration -}}
{{- range compact (list $registration.sms_webhook $registration.face_webhook) -}}
{{- $usual := ternary "80" "443" (hasPrefix "http://" .) -}}
{{- $ports = append $ports (regexFind ":[0-9]+$" (urlParse .).host | trimPrefix ":" | default $usual | int) -}}
{{- end -}}
{{- $ports | uniq | toJson -}}
{{- end }}

{{/* A rule for outgoing TCP. Arguments: `peers`, any address if empty, and `ports`. */}}
{{- define "scangate.egress" -}}
- ports:
    {{- range .ports }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
  {{- with .peers }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* The rule for the cluster's DNS. */}}
{{- define "scangate.dns" -}}
- ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
  {{- with .Values.networkPolicy.dns }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
