{{/* The image, by digest if there is one. */}}
{{- define "scangate.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest }}{{ printf "%s@%s" $image.repository $image.digest -}}
{{- else }}{{ printf "%s:%s" $image.repository (default .Chart.AppVersion $image.tag) }}{{ end -}}
{{- end }}

{{/* What every pod may do: nothing that the profile `restricted` of the Pod Security Standards forbids. */}}
{{- define "scangate.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10843
runAsGroup: 10843
# Volumes are writable and secrets readable for this group.
fsGroup: 10843
# A recursive change at each start would open the data folder to the group again.
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "scangate.containerSecurity" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* The image, and who may run it where. */}}
{{- define "scangate.placement" -}}
serviceAccountName: {{ include "scangate.name" . }}
automountServiceAccountToken: false
# Otherwise Kubernetes sets SCANGATE_PORT and the like, in the gateway's own namespace of variables.
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "scangate.podSecurity" . | nindent 2 }}
{{- end }}
