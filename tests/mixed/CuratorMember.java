import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessLock;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.RetryOneTime;

/**
 * A member with Apache Curator's recipes; what it prints is described in tests/mixed/member.py.
 * Arguments: hosts, path, whether locks are shared, file, session timeout in seconds, name.
 */
public final class CuratorMember {
    private static final boolean KEEPS_PLACE =
        Boolean.parseBoolean(System.getProperty("keepsPlace"));
    private static final Random RANDOM = new Random();

    private final CuratorFramework client;
    private final InterProcessMutex mutex;
    private final InterProcessReadWriteLock both;
    private final boolean shared;
    private final FileChannel place;
    private final String name;
    private volatile boolean connected;

    private CuratorMember(String[] arguments) throws Exception {
        int timeout = (int) (Double.parseDouble(arguments[4]) * 1000);
        client = CuratorFrameworkFactory.newClient(
            arguments[0], timeout, 10_000, new RetryOneTime(100));
        client.getConnectionStateListenable().addListener((changed, state) ->
            connected = state == ConnectionState.CONNECTED
                || state == ConnectionState.RECONNECTED);
        client.start();
        client.blockUntilConnected();
        mutex = new InterProcessMutex(client, arguments[1]);
        both = new InterProcessReadWriteLock(client, arguments[1]);
        shared = Boolean.parseBoolean(arguments[2]);
        place = new RandomAccessFile(arguments[3], "rw").getChannel();
        name = arguments[5];
    }

    public static void main(String[] arguments) throws Exception {
        CuratorMember member = new CuratorMember(arguments);
        while (true) {
            try {
                member.turn();
            } catch (Exception error) {
                System.err.println(member.name + ": " + error);
            }
        }
    }

    private void turn() throws Exception {
        boolean reads = shared && RANDOM.nextBoolean();
        InterProcessLock lock = !shared ? mutex : reads ? both.readLock() : both.writeLock();
        lock.acquire();
        boolean becomesReader = KEEPS_PLACE && shared && !reads && RANDOM.nextInt(4) == 0;
        try {
            visit(reads);
            if (becomesReader) {
                both.readLock().acquire();
            }
        } finally {
            lock.release();
        }
        if (becomesReader) {
            try {
                visit(true);
            } finally {
                both.readLock().release();
            }
        }
    }

    private void visit(boolean reads) throws Exception {
        if (!connected) {
            return;
        }
        try (FileLock inside = place.tryLock(0, Long.MAX_VALUE, reads)) {
            say(inside == null ? "overlap" : "grant", reads);
            long until = System.nanoTime() + RANDOM.nextInt(3_000_000);
            while (connected && System.nanoTime() < until) {
                TimeUnit.MICROSECONDS.sleep(200);
            }
        }
    }

    private void say(String what, boolean reads) {
        System.out.println(what + " " + name + " " + (reads ? "read" : "write"));
        System.out.flush();
    }
}
