import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.locks.InterProcessLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.locks.Lease;
import org.apache.curator.framework.recipes.nodes.GroupMember;

/** Semaphores, elections and groups of Curator; it has none that shares items out. */
final class Recipes {
    private static final int PERMITS = 8;
    private static final int PATIENCE = 60;

    private final CuratorFramework client;
    private LeaderLatch latch;
    private GroupMember member;

    Recipes(CuratorFramework client) {
        this.client = client;
    }

    /** One permit, as if it were a lock. */
    InterProcessLock permit(String path) {
        return new Permit(new InterProcessSemaphoreV2(client, path, PERMITS));
    }

    String stand(String name) throws Exception {
        latch = new LeaderLatch(client, "/elections/" + name);
        latch.start();
        return "null";
    }

    String leads() throws Exception {
        boolean leads = latch.await(PATIENCE, TimeUnit.SECONDS);
        return leads ? at(CuratorWorker.now()) : at(null);
    }

    String resign() throws Exception {
        double now = CuratorWorker.now();
        latch.close();
        latch = null;
        return at(now);
    }

    /** A member itself: one more than there are without it. */
    String members(String path, int count) throws Exception {
        double start = CuratorWorker.now();
        member = new GroupMember(client, path, "it-is-me");
        member.start();
        see(count);
        return "{\"seconds\": " + CuratorWorker.number(CuratorWorker.now() - start) + "}";
    }

    String see(int count) throws Exception {
        while (member.getCurrentMembers().size() < count + 1) {
            TimeUnit.MICROSECONDS.sleep(500);
        }
        return at(CuratorWorker.now());
    }

    void close() throws Exception {
        if (latch != null) {
            latch.close();
            latch = null;
        }
        if (member != null) {
            member.close();
            member = null;
        }
    }

    private static String at(Double time) {
        return "{\"at\": " + (time == null ? "null" : CuratorWorker.number(time)) + "}";
    }

    private static final class Permit implements InterProcessLock {
        private final InterProcessSemaphoreV2 semaphore;
        private Lease lease;

        Permit(InterProcessSemaphoreV2 semaphore) {
            this.semaphore = semaphore;
        }

        @Override
        public void acquire() throws Exception {
            lease = semaphore.acquire();
        }

        @Override
        public boolean acquire(long time, TimeUnit unit) throws Exception {
            lease = semaphore.acquire(time, unit);
            return lease != null;
        }

        @Override
        public void release() {
            semaphore.returnLease(lease);
            lease = null;
        }

        @Override
        public boolean isAcquiredInThisProcess() {
            return lease != null;
        }
    }
}
