// Loads a Compose file with Compose's own library, which validates it and resolves its references, and checks
// what every service must have.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

const usage = "usage: compose FILE"

func main() {
	if len(os.Args) != 2 {
		fail(usage)
	}
	project, err := load(os.Args[1])
	if err != nil {
		fail(err.Error())
	}
	faults := []string{}
	for _, name := range project.ServiceNames() {
		faults = append(faults, faultsOf(project.Services[name])...)
	}
	if len(faults) > 0 {
		fail(strings.Join(faults, "\n"))
	}
	fmt.Printf("ok: Compose loads %s; its %d services have limits, log rotation and health checks\n",
		os.Args[1], len(project.Services))
}

func fail(reason string) {
	fmt.Fprintln(os.Stderr, "tests/deploy/compose: "+reason)
	os.Exit(1)
}

func load(file string) (*types.Project, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	return loader.LoadWithContext(context.Background(), types.ConfigDetails{
		WorkingDir:  filepath.Dir(path),
		ConfigFiles: []types.ConfigFile{{Filename: path}},
	})
}

func faultsOf(service types.ServiceConfig) []string {
	faults := []string{}
	check := func(isRight bool, fault string) {
		if !isRight {
			faults = append(faults, service.Name+" "+fault)
		}
	}
	check(service.MemLimit > 0, "has no mem_limit")
	check(service.PidsLimit > 0, "has no pids_limit")
	check(service.Logging != nil && service.Logging.Options["max-size"] != "" && service.Logging.Options["max-file"] != "",
		"does not rotate its log")
	check(service.Restart == "unless-stopped", "does not restart")
	if service.Build == nil {
		_, tag, hasTag := strings.Cut(service.Image, ":")
		check(hasTag && tag != "latest", "has an image without a version: "+service.Image)
		check(service.HealthCheck != nil, "has no health check")
	} else {
		check(isImageChecked(service.Build), "has no health check in its image")
		check(service.ReadOnly && slices.Equal(service.CapDrop, []string{"ALL"}), "may write its image or has capabilities")
		check(len(service.Ports) == 0, "publishes ports past the balancer")
	}
	if strings.HasPrefix(service.Image, "prom/prometheus:") {
		check(slices.Contains(service.Command, "--storage.tsdb.retention.time=40d"),
			"keeps less than 40 days, and the error budget looks back over 30")
	}
	for _, volume := range service.Volumes {
		// `prepare` creates the files in city/.
		if volume.Type == types.VolumeTypeBind && filepath.Base(volume.Source) != "city" {
			_, err := os.Stat(volume.Source)
			check(err == nil, "mounts a file that does not exist: "+volume.Source)
		}
	}
	return faults
}

// Whether the image that a service builds asks the gateway itself for its health.
func isImageChecked(build *types.BuildConfig) bool {
	text, err := os.ReadFile(filepath.Join(build.Context, build.Dockerfile))
	return err == nil && strings.Contains(string(text), "\nHEALTHCHECK ") &&
		strings.Contains(string(text), `CMD ["gateway", "ready", "--admin=127.0.0.1:9443"]`)
}
