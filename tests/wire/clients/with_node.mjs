// @kubernetes/client-node: typed calls, a watch, an informer, and objects of any kind through discovery.
import assert from 'node:assert/strict';
import { AppsV1Api, CoreV1Api, KubeConfig, KubernetesObjectApi, Watch, makeInformer } from '@kubernetes/client-node';

const namespace = process.env.NAMESPACE;
const config = new KubeConfig();
config.loadFromDefault();
const core = config.makeApiClient(CoreV1Api);
const apps = config.makeApiClient(AppsV1Api);
const labels = { app: 'web' };

const until = async (what, ask) => {
  for (const end = Date.now() + 15000; Date.now() < end; await new Promise((go) => setTimeout(go, 50))) {
    if (await ask()) return;
  }
  throw new Error(`never: ${what}`);
};

const configMap = (name, data) => ({ metadata: { name, namespace }, data });

async function workloads() {
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'web:1' }] } };
  const body = { metadata: { name: 'web' }, spec: { replicas: 2, selector: { matchLabels: labels }, template } };
  const made = await apps.createNamespacedDeployment({ namespace, body });
  assert.equal(made.spec.strategy.type, 'RollingUpdate');
  assert.ok(made.metadata.creationTimestamp instanceof Date);
  const ready = async () => (await apps.readNamespacedDeployment({ name: 'web', namespace })).status.readyReplicas === 2;
  await until('two Pods are ready', ready);
  const pods = await core.listNamespacedPod({ namespace, labelSelector: 'app=web' });
  assert.equal(new Set(pods.items.map((pod) => pod.status.podIP)).size, 2);
  await apps.deleteNamespacedDeployment({ name: 'web', namespace });
}

async function refusals() {
  await assert.rejects(core.readNamespacedPod({ name: 'nobody', namespace }), (error) => {
    assert.equal(error.code, 404);
    assert.equal(JSON.parse(error.body).message, 'pods "nobody" not found');
    return true;
  });
}

async function following() {
  const told = [];
  const { metadata } = await core.createNamespacedConfigMap({ namespace, body: configMap('seen', { n: '0' }) });
  await core.deleteNamespacedConfigMap({ name: 'seen', namespace });
  const query = { resourceVersion: metadata.resourceVersion, fieldSelector: 'metadata.name=seen' };
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const see = (type, object) => told.push([type, object.metadata.name]);
  const watching = await new Watch(config).watch(path, query, see, () => {});
  await until('the deletion is told', () => told.length > 0);
  watching.abort();
  assert.deepEqual(told, [['DELETED', 'seen']]);
}

async function informer() {
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const informed = makeInformer(config, path, () => core.listNamespacedConfigMap({ namespace }));
  await informed.start();
  await core.createNamespacedConfigMap({ namespace, body: configMap('cached', { n: '0' }) });
  await until('it is in the cache', () => informed.get('cached', namespace)?.data.n === '0');
  await core.replaceNamespacedConfigMap({ name: 'cached', namespace, body: configMap('cached', { n: '1' }) });
  await until('the cache is up to date', () => informed.get('cached', namespace).data.n === '1');
  await core.deleteNamespacedConfigMap({ name: 'cached', namespace });
  await until('it left the cache', () => informed.get('cached', namespace) === undefined);
  await informed.stop();
}

async function anyKind() {
  const client = KubernetesObjectApi.makeApiClient(config);
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l', namespace } };
  await client.create({ ...lease, spec: { holderIdentity: 'me' } });
  const patched = await client.patch({ ...lease, metadata: { ...lease.metadata, annotations: { note: 'seen' } } });
  assert.equal(patched.metadata.annotations.note, 'seen');
  assert.equal((await client.read(lease)).spec.holderIdentity, 'me');
  await client.delete(lease);
}

for (const tell of [workloads, refusals, following, informer, anyKind]) await tell();
process.exit(0);
