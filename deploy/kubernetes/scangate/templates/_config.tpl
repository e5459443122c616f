{{/* A table of TOML: first its plain keys, then its tables. A JSON string, number or list is also one of TOML.
     Argument: `table`, and `path`, the name of the table, empty at the root. */}}
{{- define "scangate.toml" -}}
{{- $path := .path -}}
{{- range $key, $value := .table }}
{{- if not (or (kindIs "map" $value) (include "scangate.isTables" $value)) }}
{{ include "scangate.tomlKey" $key }} = {{ toRawJson $value }}
{{- end }}
{{- end }}
{{- range $key, $value := .table }}
{{- $own := include "scangate.tomlKey" $key }}
{{- if $path }}{{ $own = printf "%s.%s" $path $own }}{{ end }}
{{- if kindIs "map" $value }}
{{- if $value }}

[{{ $own }}]
{{- include "scangate.toml" (dict "table" $value "path" $own) }}
{{- end }}
{{- else if include "scangate.isTables" $value }}
{{- range $value }}

[[{{ $own }}]]
{{- include "scangate.toml" (dict "table" . "path" $own) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Not empty for a list of tables. */}}
{{- define "scangate.isTables" -}}
{{- if kindIs "slice" . }}{{ if . }}{{ if kindIs "map" (first .) }}yes{{ end }}{{ end }}{{ end -}}
{{- end }}

{{/* A key, in quotes where TOML requires them. */}}
{{- define "scangate.tomlKey" -}}
{{- if regexMatch "^[A-Za-z0-9_-]+$" . }}{{ . }}{{ else }}{{ toJson . }}{{ end -}}
{{- end }}

{{/* The store as gateway.toml names it. */}}
{{- define "scangate.store" -}}
{{- $store := .Values.store -}}
{{- if eq $store.kind "embedded" }}embedded{{ else }}cql://{{ join "," $store.hosts }}/{{ $store.keyspace }}{{ end -}}
{{- end }}

{{/* The whole gateway.toml: the values under `config`, and what follows from the pod. */}}
{{- define "scangate.gatewayToml" -}}
{{- $config := deepCopy .Values.config -}}
{{- $folder := "/etc/scangate" -}}
{{- $secrets := .Values.secrets -}}
{{- $_ := set $config "listen" (printf "%s:8443" .Values.listenAddress) -}}
{{- $_ := set $config "admin" (printf "%s:9443" .Values.listenAddress) -}}
{{- /* The volume's own folder belongs to root. The gateway creates this one, which it can close to all others. */ -}}
{{- $_ := set $config "data" "/data/gateway" -}}
{{- $_ := set $config "origin" .Values.origin -}}
{{- $_ := set $config "store" (include "scangate.store" .) -}}
{{- $_ := set $config "secret" (printf "%s/secret" $folder) -}}
{{- $_ := set $config "certificate" (printf "%s/certificate.pem" $folder) -}}
{{- $_ := set $config "key" (printf "%s/key.pem" $folder) -}}
{{- if .Values.files.policy }}{{ $_ := set $config "policy" (printf "%s/policy.toml" $folder) }}{{ end -}}
{{- $city := deepCopy (default dict $config.city) -}}
{{- if .Values.files.mark }}{{ $_ := set $city "mark" (printf "%s/mark.svg" $folder) }}{{ end -}}
{{- $_ := set $config "city" $city -}}
{{- $cql := deepCopy (default dict $config.cql) -}}
{{- if $secrets.cqlLogin }}{{ $_ := set $cql "login" (printf "%s/cql-login" $folder) }}{{ end -}}
{{- if $secrets.cqlAuthority }}{{ $_ := set $cql "authority" (printf "%s/cql-authority.pem" $folder) }}{{ end -}}
{{- $_ := set $config "cql" $cql -}}
{{- $registration := deepCopy (default dict $config.registration) -}}
{{- if $secrets.webhookToken -}}
{{- $_ := set $registration "webhook_token" (printf "%s/webhook-token" $folder) -}}
{{- end -}}
{{- $_ := set $config "registration" $registration -}}
# Made by the Helm chart from its values: change them there.
{{- include "scangate.toml" (dict "table" $config "path" "") }}
{{- end }}

{{/* Fails if phones would be sent to a port that the service does not have: alt-svc names the origin's port. */}}
{{- define "scangate.checkOrigin" -}}
{{- $port := regexFind ":[0-9]+$" .Values.origin | trimPrefix ":" | default "443" -}}
{{- if and (eq .Values.service.type "LoadBalancer") (ne $port (toString .Values.service.port)) -}}
{{- $advice := "origin %s leads phones to port %s, and service.port is %v: make them equal" -}}
{{- fail (printf $advice .Values.origin $port .Values.service.port) -}}
{{- end -}}
{{- end }}
