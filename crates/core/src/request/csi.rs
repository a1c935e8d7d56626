//! Whether a pod's volumes need a token for an audience: token projections, and CSI drivers that ask for one (K88).
//!
//! Source: `plugin/pkg/admission/noderestriction/admission.go` `podReferencesAudience`;
//! `staging/src/k8s.io/csi-translation-lib/plugins` for the drivers of in-tree volumes.

use super::Request;
use super::live::Found;
use crate::document::Node;
use crate::go;
use crate::objects::Object;

/// In-tree kinds that CSI drivers serve today, in a volume or in a PersistentVolume.
const MIGRATED: [(&str, &str); 7] = [
    ("awsElasticBlockStore", "ebs.csi.aws.com"),
    ("azureDisk", "disk.csi.azure.com"),
    ("azureFile", "file.csi.azure.com"),
    ("cinder", "cinder.csi.openstack.org"),
    ("gcePersistentDisk", "pd.csi.storage.gke.io"),
    ("portworxVolume", "pxd.portworx.com"),
    ("vsphereVolume", "csi.vsphere.vmware.com"),
];

/// Why there is no answer.
enum Open {
    /// Something on the way is known to be missing.
    Error(String),
    /// Nobody pasted something on the way.
    Unknown,
}

impl Request<'_> {
    /// Whether a volume of the pod, mounted or not, needs a token for that very audience; what nobody pasted is
    /// assumed to need it. An error stands only if no volume is known to need it.
    pub(super) fn references(&self, pod: &Object, audience: &str) -> Result<bool, String> {
        let volumes = pod.node.at(&["spec", "volumes"]).map(Node::elements).unwrap_or_default();
        let mut errors = Vec::new();
        for volume in volumes {
            if projects(volume, audience) {
                return Ok(true);
            }
            match self.driver(pod, volume).and_then(|driver| self.asks(driver.as_deref(), audience))
            {
                Ok(false) => {}
                Ok(true) | Err(Open::Unknown) => return Ok(true),
                Err(Open::Error(error)) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(false) } else { Err(go::aggregate(&errors)) }
    }

    /// The CSI driver behind a volume, if there is one.
    fn driver(&self, pod: &Object, volume: &Node) -> Result<Option<String>, Open> {
        let text = |path: &[&str]| volume.at(path).and_then(Node::as_str).map(str::to_owned);
        // A generic ephemeral volume has a claim named after pod and volume.
        let own = is_there(volume, "ephemeral")
            .then(|| format!("{}-{}", pod.name, text(&["name"]).unwrap_or_default()));
        if let Some(claim) = own.or_else(|| text(&["persistentVolumeClaim", "claimName"])) {
            let claim = self.found(
                "PersistentVolumeClaim",
                "persistentvolumeclaim",
                &pod.namespace,
                &claim,
            )?;
            let name = claim.node.at(&["spec", "volumeName"]).and_then(Node::as_str);
            let name = name.unwrap_or_default();
            let persistent = self.found("PersistentVolume", "persistentvolume", "", name)?;
            let spec = persistent.node.get("spec");
            let driver = spec.and_then(|spec| spec.at(&["csi", "driver"])?.as_str());
            return Ok(driver.map(str::to_owned).or_else(|| spec.and_then(migrated)));
        }
        Ok(text(&["csi", "driver"]).or_else(|| migrated(volume)))
    }

    /// Whether that driver asks for tokens for that audience.
    fn asks(&self, driver: Option<&str>, audience: &str) -> Result<bool, Open> {
        let Some(driver) = driver.filter(|driver| !driver.is_empty()) else { return Ok(false) };
        let driver = self.found("CSIDriver", "csidriver.storage.k8s.io", "", driver)?;
        let requests = driver.node.at(&["spec", "tokenRequests"]).map(Node::elements);
        Ok(requests.unwrap_or_default().iter().any(|request| {
            request.get("audience").and_then(Node::as_str).unwrap_or_default() == audience
        }))
    }

    fn found(
        &self,
        kind: &str,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> Result<&Object, Open> {
        match self.live.find(kind, namespace, name) {
            Found::Live(object) => Ok(object),
            Found::Assumed => Err(Open::Unknown),
            Found::Missing => {
                Err(Open::Error(format!("{resource} {} not found", go::quoted(name))))
            }
        }
    }
}

fn is_there(node: &Node, member: &str) -> bool {
    node.get(member).is_some_and(|value| !value.is_null())
}

fn migrated(volume: &Node) -> Option<String> {
    let (_, driver) = MIGRATED.iter().find(|(kind, _)| is_there(volume, kind))?;
    Some((*driver).to_owned())
}

fn projects(volume: &Node, audience: &str) -> bool {
    let sources = volume.at(&["projected", "sources"]).map(Node::elements).unwrap_or_default();
    sources.iter().filter_map(|source| source.get("serviceAccountToken")).any(|token| {
        !token.is_null()
            && token.get("audience").and_then(Node::as_str).unwrap_or_default() == audience
    })
}
