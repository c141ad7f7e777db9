"""What the faces for threads and greenlets share: who holds, `with`, leases that block."""
