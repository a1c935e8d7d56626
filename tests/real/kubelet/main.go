// Command kubelet is a real kubelet of Kubernetes in which only containers are made up: kubemark's hollow kubelet with a
// real mounter. It asks for tokens, writes the volumes of pods and records events as on any node.
//
// It must run as root, in a mount namespace of its own, and it listens nowhere but on sockets below its folder.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.opentelemetry.io/otel/trace/noop"
	v1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	clientcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/record"
	internalapi "k8s.io/cri-api/pkg/apis"
	remote "k8s.io/cri-client/pkg"
	fakeremote "k8s.io/cri-client/pkg/fake"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	cadvisortest "k8s.io/kubernetes/pkg/kubelet/cadvisor/testing"
	"k8s.io/kubernetes/pkg/kubelet/cm"
	"k8s.io/kubernetes/pkg/kubemark"
	"k8s.io/kubernetes/pkg/volume/util/hostutil"
	"k8s.io/kubernetes/pkg/volume/util/subpath"
	"k8s.io/mount-utils"
)

// maxPods is more than any suite makes.
const maxPods = 1000

// settings are what the flags say.
type settings struct {
	// kubeconfig holds the address of the API server and the certificate of the node.
	kubeconfig string
	// node is the name that the certificate is for.
	node string
	// folder holds everything that is written; its folder root is the kubelet's own.
	folder string
}

// stubborn containers do not end before their grace period does: no pod is gone at once.
type stubborn struct {
	internalapi.RuntimeService
}

func (runtime stubborn) StopContainer(ctx context.Context, id string, timeout int64) error {
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(timeout) * time.Second):
	}
	return runtime.RuntimeService.StopContainer(ctx, id, timeout)
}

func main() {
	var given settings
	flag.StringVar(&given.kubeconfig, "kubeconfig", "", "the API server and the certificate of the node")
	flag.StringVar(&given.node, "node", "", "the name of the node")
	flag.StringVar(&given.folder, "folder", "", "an empty folder, in which root becomes the root directory of the kubelet")
	klog.InitFlags(nil)
	flag.Parse()
	if err := run(context.Background(), given); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, given settings) error {
	config, err := clientConfig(given.kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	endpoint := "unix://" + filepath.Join(given.folder, "cri.sock")
	runtime := fakeremote.NewFakeRemoteRuntime()
	if err := runtime.Start(endpoint); err != nil {
		return err
	}
	service, err := remote.NewRemoteRuntimeService(ctx, endpoint, 15*time.Second, noop.NewTracerProvider(), false)
	if err != nil {
		return err
	}

	// Kubemark puts its own folder where temporary files go.
	if err := os.Setenv("TMPDIR", given.folder); err != nil {
		return err
	}
	flags, kubelet := kubemark.GetHollowKubeletConfig(&kubemark.HollowKubeletOptions{NodeName: given.node, MaxPods: maxPods})
	flags.RootDirectory = filepath.Join(given.folder, "root")
	// Kubemark's configuration listens on every address.
	kubelet.EnableServer = false
	kubelet.Address, kubelet.HealthzBindAddress = "127.0.0.1", "127.0.0.1"
	kubelet.ReadOnlyPort, kubelet.HealthzPort = 0, 0
	// As a kubelet comes, where kubemark hurries.
	kubelet.SyncFrequency.Duration = time.Minute
	// What belongs to the machine and not to this test is left alone.
	kubelet.MakeIPTablesUtilChains = false
	kubelet.EvictionHard = map[string]string{}
	kubelet.VolumeStatsAggPeriod.Duration = -1

	machine := &cadvisortest.Fake{NodeName: given.node}
	hollow := kubemark.NewHollowKubelet(flags, kubelet, client, client, machine, runtime.ImageService, stubborn{service}, cm.NewStubContainerManager())
	hollow.KubeletDeps.Mounter = mount.New("")
	hollow.KubeletDeps.Subpather = subpath.New(hollow.KubeletDeps.Mounter)
	hollow.KubeletDeps.HostUtil = hostutil.NewHostUtil()
	hollow.KubeletDeps.Recorder = recorder(ctx, client, given.node)
	hollow.Run(ctx)
	return nil
}

// clientConfig has the limits that a kubelet takes for granted, and its content type.
func clientConfig(kubeconfig string) (*rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.QPS, config.Burst = 50, 100
	config.UserAgent = "kubelet"
	return config, nil
}

// recorder sends events to the API server, as a kubelet does and kubemark does not.
func recorder(ctx context.Context, client *kubernetes.Clientset, node string) record.EventRecorderLogger {
	broadcaster := record.NewBroadcaster(record.WithContext(ctx))
	broadcaster.StartRecordingToSink(&clientcorev1.EventSinkImpl{Interface: client.CoreV1().Events("")})
	return broadcaster.NewRecorder(legacyscheme.Scheme, v1.EventSource{Component: "kubelet", Host: node})
}
