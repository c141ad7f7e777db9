import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessLock;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.retry.ExponentialBackoffRetry;
import org.apache.zookeeper.data.Stat;

/**
 * Does with Apache Curator what benchmarks/worker.py does with a Python library. The orders and
 * answers, one line each, are described there. Times are seconds of System.nanoTime(), which is the
 * machine's monotonic clock, as Python's time.monotonic() is.
 */
public final class CuratorWorker {
    private static final String ROOT = "/curator/";

    private CuratorFramework client;
    private InterProcessLock gate;
    private CacheView view;
    private Recipes recipes;
    private ExecutorService contenders;
    private volatile List<double[]> spans = newSpans();
    private double cpuBefore;

    public static void main(String[] arguments) throws Exception {
        CuratorWorker worker = new CuratorWorker();
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            System.out.println(worker.obey(line.trim().split(" ")));
            System.out.flush();
        }
        Runtime.getRuntime().halt(0);
    }

    private String obey(String[] order) throws Exception {
        switch (order[0]) {
            case "open":
                return open(order[1]);
            case "cycle":
                return cycle(lock(order[1], order[2]), Integer.parseInt(order[3]));
            case "gate":
                gate = lock(order[1], order[2]);
                gate.acquire();
                return "null";
            case "ungate":
                return ungate();
            case "contend":
                return contend(order);
            case "queued":
                return "{\"queued\": " + queueLength(order[1]) + "}";
            case "mark":
                spans = newSpans();
                cpuBefore = cpu();
                return "null";
            case "report":
                return report();
            case "load":
                view = new CacheView(client);
                return view.load(order[1], Integer.parseInt(order[2]));
            case "expect":
                return view.expect(order[1], order[2].split(","));
            case "arrived":
                return view.arrived(Double.parseDouble(order[1]));
            case "reads":
                return view.reads(order[1], Integer.parseInt(order[2]));
            case "stand":
                return recipes.stand(order[1]);
            case "leads":
                return recipes.leads();
            case "resign":
                return recipes.resign();
            case "members":
                return recipes.members(order[1], Integer.parseInt(order[2]));
            case "see":
                return recipes.see(Integer.parseInt(order[1]));
            case "close":
                return close();
            default:
                throw new IllegalArgumentException(order[0]);
        }
    }

    private String open(String hosts) {
        client = CuratorFrameworkFactory.newClient(
            hosts, 10_000, 10_000, new ExponentialBackoffRetry(100, 10));
        client.start();
        recipes = new Recipes(client);
        return "null";
    }

    private String close() throws Exception {
        if (contenders != null) {
            contenders.shutdownNow();
            contenders.awaitTermination(30, TimeUnit.SECONDS);
            contenders = null;
        }
        if (view != null) {
            view.close();
            view = null;
        }
        recipes.close();
        client.close();
        return "null";
    }

    private InterProcessLock lock(String kind, String name) {
        if (kind.equals("semaphore")) {
            return recipes.permit("/curator-semaphores/" + name);
        }
        if (kind.equals("lock")) {
            return new InterProcessMutex(client, ROOT + name);
        }
        InterProcessReadWriteLock both = new InterProcessReadWriteLock(client, ROOT + name);
        return kind.equals("read") ? both.readLock() : both.writeLock();
    }

    private String cycle(InterProcessLock lock, int count) throws Exception {
        List<String> acquire = new ArrayList<>(count);
        List<String> release = new ArrayList<>(count);
        double before = cpu();
        for (int i = 0; i < count; i++) {
            double start = now();
            lock.acquire();
            double held = now();
            lock.release();
            acquire.add(number(held - start));
            release.add(number(now() - held));
        }
        return "{\"acquire\": " + acquire + ", \"release\": " + release
            + ", \"cpu\": " + number(cpu() - before) + "}";
    }

    private String ungate() throws Exception {
        double at = now();
        gate.release();
        return "{\"at\": " + number(at) + "}";
    }

    private String contend(String[] order) {
        int count = Integer.parseInt(order[3]);
        int rounds = Integer.parseInt(order[4]);
        double hold = Double.parseDouble(order[5]);
        spans = newSpans();
        contenders = Executors.newFixedThreadPool(count);
        for (int i = 0; i < count; i++) {
            InterProcessLock lock = lock(order[1], order[2]);
            int number = i;
            contenders.submit(() -> {
                for (int done = 0; done < rounds || rounds == 0; done++) {
                    lock.acquire();
                    double acquired = now();
                    if (hold > 0) {
                        TimeUnit.NANOSECONDS.sleep((long) (hold * 1e9));
                    }
                    spans.add(new double[] {acquired, now(), number});
                    lock.release();
                }
                return null;
            });
        }
        return "null";
    }

    private int queueLength(String name) throws Exception {
        Stat folder = client.checkExists().forPath(ROOT + name);
        return folder == null ? 0 : folder.getNumChildren();
    }

    private String report() {
        double used = cpu() - cpuBefore;
        List<double[]> measured = spans;
        synchronized (measured) {
            String all = measured.stream()
                .map(span -> "[" + number(span[0]) + ", " + number(span[1])
                    + ", " + (int) span[2] + "]")
                .collect(Collectors.joining(", "));
            return "{\"spans\": [" + all + "], \"cpu\": " + number(used) + "}";
        }
    }

    private static List<double[]> newSpans() {
        return Collections.synchronizedList(new ArrayList<>());
    }

    static double now() {
        return System.nanoTime() / 1e9;
    }

    static double cpu() {
        OperatingSystemMXBean system =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return system.getProcessCpuTime() / 1e9;
    }

    static String number(double value) {
        return String.format(Locale.ROOT, "%.9f", value);
    }
}
