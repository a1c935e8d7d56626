/** What exists in the cluster: Kubernetes objects, as the engine takes them in `cluster.objects`. */

import { randomUUID } from "node:crypto";

import type { KubernetesObject, ObjectKey } from "./api.js";

/** Kinds that live in no namespace. */
const CLUSTER_WIDE = new Set(["CSIDriver", "Namespace", "Node"]);

export class LiveObjects {
  #objects = new Map<string, KubernetesObject>();

  /** All of them, as the text of a List. */
  get text(): string {
    return JSON.stringify({ apiVersion: "v1", kind: "List", items: [...this.#objects.values()] });
  }

  get(key: ObjectKey): KubernetesObject | undefined {
    return this.#objects.get(idOf(key));
  }

  /** Stores an object, under a new UID unless it brings one, in place of one of the same name. */
  create(object: KubernetesObject, now: number): KubernetesObject {
    const namespace = namespaceOf({ ...object, ...object.metadata });
    const stored = {
      apiVersion: "v1",
      ...object,
      metadata: { uid: randomUUID(), creationTimestamp: timestamp(now), ...object.metadata, ...(namespace === undefined ? {} : { namespace }) },
    };
    this.#objects.set(idOf({ kind: object.kind, ...stored.metadata }), stored);
    return stored;
  }

  /** Removes an object; with a grace period it is only marked, and goes when it is deleted again without one. */
  delete(key: ObjectKey, now: number, gracePeriodSeconds: number): boolean {
    const object = this.get(key);
    if (!object) return false;
    if (gracePeriodSeconds > 0) {
      object.metadata = { ...object.metadata, deletionTimestamp: timestamp(now + gracePeriodSeconds), deletionGracePeriodSeconds: gracePeriodSeconds };
    } else {
      this.#objects.delete(idOf(key));
    }
    return true;
  }
}

function idOf(key: ObjectKey): string {
  return [key.kind, namespaceOf(key), key.name].join("/");
}

function namespaceOf(key: ObjectKey): string | undefined {
  return CLUSTER_WIDE.has(key.kind) ? undefined : (key.namespace ?? "default");
}

/** As Kubernetes prints instants: UTC, whole seconds. */
export function timestamp(seconds: number): string {
  return new Date(Math.floor(seconds) * 1000).toISOString().replace(".000Z", "Z");
}
