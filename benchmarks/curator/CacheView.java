import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.cache.ChildData;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.CuratorCacheListener;

/** A CuratorCache that follows a folder; see benchmarks/subjects/live.py. */
final class CacheView {
    private final CuratorFramework client;
    private final Set<String> missing = new HashSet<>();
    private CuratorCache cache;
    private String folder;
    private String expected = "";
    private CountDownLatch arrived = new CountDownLatch(0);
    private int calls;
    private double at;

    CacheView(CuratorFramework client) {
        this.client = client;
    }

    String load(String path, int count) throws Exception {
        Runtime runtime = Runtime.getRuntime();
        System.gc();
        long memory = runtime.totalMemory() - runtime.freeMemory();
        double start = CuratorWorker.now();
        double cpu = CuratorWorker.cpu();
        CountDownLatch initialized = new CountDownLatch(1);
        folder = path;
        cache = CuratorCache.build(client, path);
        cache.listenable().addListener(CuratorCacheListener.builder()
            .forInitialized(initialized::countDown)
            .forChanges((before, now) -> note(now))
            .build());
        cache.start();
        initialized.await();
        double seconds = CuratorWorker.now() - start;
        cpu = CuratorWorker.cpu() - cpu;
        if (cache.size() != count + 1) {
            throw new IllegalStateException(cache.size() + " nodes instead of " + (count + 1));
        }
        System.gc();
        memory = runtime.totalMemory() - runtime.freeMemory() - memory;
        return "{\"seconds\": " + CuratorWorker.number(seconds)
            + ", \"cpu\": " + CuratorWorker.number(cpu) + ", \"memory\": " + memory + "}";
    }

    synchronized String expect(String value, String[] keys) {
        expected = value;
        missing.clear();
        for (String key : keys) {
            missing.add(folder + "/" + key);
        }
        calls = 0;
        arrived = new CountDownLatch(1);
        return "null";
    }

    String arrived(double timeout) throws Exception {
        if (!arrived.await((long) (1000 * timeout), TimeUnit.MILLISECONDS)) {
            return "null";
        }
        return "{\"at\": " + CuratorWorker.number(at) + ", \"calls\": " + calls + "}";
    }

    String reads(String key, int count) {
        String path = folder + "/" + key;
        long bytes = 0;
        double start = CuratorWorker.now();
        for (int i = 0; i < count; i++) {
            bytes += cache.get(path).get().getData().length;
        }
        double seconds = CuratorWorker.now() - start;
        return "{\"seconds\": " + CuratorWorker.number(seconds) + ", \"bytes\": " + bytes + "}";
    }

    void close() {
        cache.close();
    }

    private synchronized void note(ChildData now) {
        double moment = CuratorWorker.now();
        if (missing.isEmpty()) {
            return;
        }
        calls++;
        if (new String(now.getData()).equals(expected)) {
            missing.remove(now.getPath());
        }
        if (missing.isEmpty()) {
            at = moment;
            arrived.countDown();
        }
    }
}
